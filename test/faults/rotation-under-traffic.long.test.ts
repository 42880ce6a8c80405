import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { z } from 'zod';
import { FAILURE_FIELDS } from '../../apps/cli/src/client/graphql-client.ts';
import type { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { query } from '../support/database.ts';
import { connectedHospitals, expectSuccess, signInWithStepUp } from '../support/operator.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork, untilPublished } from '../support/running-network.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 240_000;
const SECOND = 1_000;
/** Of each of the two hospitals; a history cannot grow for ever (MAX_DID_HISTORY_BYTES). */
const ROTATIONS = 10;
const RESOURCES = 20;
const LEVELS = ['PATIENT', 'EPOCH', 'ROOT'] as const;
const RETURN_MILLISECONDS = 30_000;

const rotateDocument = `mutation Rotate { result: rotateIdentityKeys(urgent: false) { ${FAILURE_FIELDS} ... on RotatedIdentityKeys { versionId } } }`;
const rewrapDocument = `mutation Rewrap($level: RewrapLevel!) { result: rewrapKeys(level: $level) { ${FAILURE_FIELDS} ... on RewrapJobEntry { id } } }`;
const jobsDocument = `query Jobs { result: rewrapJobs { ${FAILURE_FIELDS} ... on RewrapJobs { jobs { id state } } } }`;
const destroyDocument = `mutation Destroy { result: destroyOldRootKeys { ${FAILURE_FIELDS} ... on DestroyedRootKeys { rootKeyIds } } }`;
const keysDocument = `query Keys { result: keys { ${FAILURE_FIELDS} ... on Keys { rootKeys { id isCurrent } keys { id purpose state retiredAt } } } }`;
const keysSchema = z.object({
  rootKeys: z.array(z.object({ id: z.string(), isCurrent: z.boolean() })),
  keys: z.array(z.object({ id: z.string(), purpose: z.string(), state: z.string(), retiredAt: z.string().nullable() })),
});

/** Alder holds a patient's records; birch asks for them all the time. */
describe('keys that are replaced while records travel', () => {
  let network: TestNetwork;
  let clinician: HospitalClient;
  let locationId: string;
  let firstRequest: string;
  let resources: number;
  const { bundle, nationalId } = patientOfSize(RESOURCES, { seed: 1 });

  beforeAll(async () => {
    network = await startTestNetwork();
    await (await network.as('alder', 'clinician')).admitBundle(bundle, 'LISTED');
    await untilPublished(await network.as('alder', 'administrator'));
    const officer = await network.as('alder', 'privacy-officer');
    const recipientDid = network.hospital('birch').did;
    await officer.giveConsent({ patientId: await officer.findPatient(nationalId), recipientDid, recipientName: 'birch', purposes: ['TREAT'] });
    clinician = await network.as('birch', 'clinician');
    ({ locationId } = await clinician.locate(nationalId, 'TREAT'));
    firstRequest = await request();
    // All of the patient's: the bundle, and the consent itself.
    resources = (await clinician.releasedRecords(firstRequest)).length;
    expect(resources).toBeGreaterThan(RESOURCES);
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  /** One request, released. @returns its id */
  const request = async (): Promise<string> => {
    const answer = await clinician.requestAccess({ locationId, holderDid: network.hospital('alder').did, purpose: 'TREAT', reason: 'Chest pain.' });
    expect(answer).toEqual({ kind: 'request', requestId: expect.any(String), state: 'RELEASED', refusalCode: null });
    return answer.kind === 'request' ? answer.requestId : '';
  };
  /** The same with every record opened. */
  const exchange = async (): Promise<string> => {
    const requestId = await request();
    await opens(requestId);
    return requestId;
  };
  const opens = async (requestId: string): Promise<void> => {
    expect((await clinician.releasedRecords(requestId)).length).toBe(resources);
  };
  const administrator = (slug: 'alder' | 'birch'): Promise<HospitalClient> => {
    const { graphql, users } = network.hospital(slug);
    const account = users.find(({ role }) => role === 'administrator');
    if (account === undefined) throw new Error('There is no administrator.');
    return signInWithStepUp(graphql, account);
  };
  const rotate = async (client: HospitalClient): Promise<string> => (await expectSuccess(client, rotateDocument, {}, z.object({ versionId: z.string() }))).versionId;
  const keysOf = (client: HospitalClient): Promise<z.infer<typeof keysSchema>> => expectSuccess(client, keysDocument, {}, keysSchema);
  const history = async (): Promise<readonly string[]> => {
    const text = await (await fetch(new URL('/.well-known/did.jsonl', network.hospital('alder').graphql))).text();
    return text.trimEnd().split('\n');
  };

  it(
    'loses and refuses no request, and every record opens',
    async () => {
      const [alder, birch] = await Promise.all([administrator('alder'), administrator('birch')]);
      let isOver = false;
      const requests: string[] = [];
      const traffic = async (): Promise<void> => {
        while (!isOver) requests.push(await exchange());
      };
      const rotations = async (client: HospitalClient): Promise<readonly string[]> => {
        const versions: string[] = [];
        while (versions.length < ROTATIONS) {
          const next = pause(SECOND);
          const before = requests.length;
          versions.push(await rotate(client));
          // On a busy machine a rotation takes longer than a second: a request has to come between two of them.
          await until('a request', () => Promise.resolve(requests.length), (count) => count > before, RETURN_MILLISECONDS);
          await next;
        }
        return versions;
      };
      const rewrapping = async (): Promise<number> => {
        let jobs = 0;
        while (!isOver) {
          const next = pause(SECOND);
          for (const level of LEVELS) {
            const { id } = await expectSuccess(alder, rewrapDocument, { level }, z.object({ id: z.string() }));
            const states = async (): Promise<readonly { id: string; state: string }[]> =>
              (await expectSuccess(alder, jobsDocument, {}, z.object({ jobs: z.array(z.object({ id: z.string(), state: z.string() })) }))).jobs;
            await until(`the end of re-wrapping ${level}`, states, (seen) => seen.some((job) => job.id === id && job.state === 'FINISHED'), RETURN_MILLISECONDS);
            jobs += 1;
          }
          await next;
        }
        return jobs;
      };
      const replaced = Promise.all([rotations(alder), rotations(birch)]).finally(() => {
        isOver = true;
      });
      const stopped = <Work>(work: Promise<Work>): Promise<Work> =>
        work.catch((error: unknown) => {
          isOver = true;
          throw error;
        });
      const [versions, , jobs] = await Promise.all([replaced, stopped(traffic()), stopped(rewrapping())]);

      for (const list of versions) expect(new Set(list).size).toBe(ROTATIONS);
      expect(requests.length).toBeGreaterThanOrEqual(ROTATIONS);
      expect(jobs).toBeGreaterThanOrEqual(LEVELS.length);
      process.stdout.write(`${requests.length} requests while both hospitals rotated ${ROTATIONS} times and ${jobs} levels were re-wrapped.\n`);
      // What was granted before the first rotation, and during them, still opens.
      for (const requestId of [firstRequest, ...requests.slice(0, 3), ...requests.slice(-3)]) await opens(requestId);
    },
    TIMEOUT,
  );

  it(
    'leaves one key of each kind in use, and nothing under old root keys',
    async () => {
      const client = await administrator('alder');
      const before = await keysOf(client);
      for (const purpose of ['DID_SIGNING', 'DID_RECIPIENT', 'DID_UPDATE', 'DID_COSIGNING']) {
        const states = before.keys.filter((key) => key.purpose === purpose).map(({ state }) => state);
        expect(states.filter((state) => state === 'ACTIVE')).toHaveLength(1);
        expect(states.filter((state) => state === 'RETIRED' || state === 'DESTROYED').length).toBeGreaterThanOrEqual(ROTATIONS);
      }
      for (const { state, retiredAt } of before.keys) expect(state === 'RETIRED').toBe(retiredAt !== null && state !== 'DESTROYED');

      const { rootKeyIds } = await expectSuccess(client, destroyDocument, {}, z.object({ rootKeyIds: z.array(z.string()) }));
      expect(rootKeyIds).toEqual(before.rootKeys.filter(({ isCurrent }) => !isCurrent).map(({ id }) => id));
      expect((await keysOf(client)).rootKeys).toHaveLength(1);
      await opens(firstRequest);
      await exchange();
    },
    TIMEOUT,
  );

  it(
    'goes on with one history after the node was killed in the middle, and others let it in',
    async () => {
      const { databaseUrl } = network.hospital('alder');
      const setting = async (name: string): Promise<string | undefined> => (await query<{ value: unknown }>(databaseUrl, 'select value::text as value from setting where name = $1', [name]))[0]?.value as string | undefined;
      const standing = await setting('identity.did');
      const reached: Readonly<Record<string, (before: string | undefined) => Promise<boolean>>> = {
        'when the next version is written down': async () => (await setting('identity.next')) !== undefined,
        'when its witnesses have signed it': async (before) => (await setting('identity.next'))?.includes('\\"witnessed\\":true') === true || (await setting('identity.did')) !== before,
        'when it stands': async (before) => (await setting('identity.did')) !== before,
      };
      expect(standing).toBeDefined();
      let leftUnfinished = 0;
      for (const [instant, isReached] of Object.entries(reached)) {
        const client = await administrator('alder');
        const before = await setting('identity.did');
        const known = await history();
        const interrupted = rotate(client).catch(() => undefined);
        while (!(await isReached(before))) await pause(1);
        await network.hospital('alder').process.kill();
        await interrupted;
        if ((await setting('identity.next')) !== undefined) leftUnfinished += 1;

        await network.network.restart('alder');
        const now = await history();
        // The version that was begun is there, and no other one.
        expect({ instant, continues: now.slice(0, known.length).every((entry, index) => entry === known[index]), added: now.length - known.length }).toEqual({ instant, continues: true, added: 1 });
        expect(await setting('identity.next')).toBeUndefined();
        await until('the connection after the restart', async () => connectedHospitals(clinician), (dids) => dids.includes(network.hospital('alder').did), RETURN_MILLISECONDS);
        await exchange();
      }
      // Otherwise the kills came too late to have tested anything.
      expect(leftUnfinished).toBeGreaterThanOrEqual(1);
      const length = (await history()).length;
      await rotate(await administrator('alder'));
      expect(await history()).toHaveLength(length + 1);
      await exchange();
      await opens(firstRequest);
    },
    TIMEOUT,
  );
});
