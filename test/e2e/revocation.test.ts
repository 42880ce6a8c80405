import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { z } from 'zod';
import { FAILURE_FIELDS } from '../../apps/cli/src/client/graphql-client.ts';
import type { AccessAnswer, HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { impersonateAlone } from '../support/impersonated-member.ts';
import { connectedHospitals, expectSuccess, signInWithStepUp } from '../support/operator.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork, untilPublished } from '../support/running-network.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 120_000;
/** What is asked for is a minute; a decision is pushed and takes a second or two on an idle machine. */
const REMOVAL_MILLISECONDS = 20_000;
/** Who is let in again is dialled, or dials, the next time that members look for each other. */
const RETURN_MILLISECONDS = 60_000;
const RESOURCES = 6;

/** Chestnut is put out of the network, comes back, and is put out for ever. */
describe('a member whose membership ends while it is connected', () => {
  let network: TestNetwork;
  let registrar: HospitalClient;
  let alder: HospitalClient;
  let birch: HospitalClient;
  let chestnut: HospitalClient;
  let excluded: string;
  const atAlder = patientOfSize(RESOURCES, { seed: 1 });
  const atChestnut = patientOfSize(RESOURCES, { seed: 2 });
  let ownPatient: string;

  beforeAll(async () => {
    network = await startTestNetwork();
    const { authority } = network.network;
    const account = authority.users.find(({ role }) => role === 'registrar');
    if (account === undefined) throw new Error('The authority has no registrar.');
    registrar = await signInWithStepUp(authority.graphql, account);
    [alder, birch, chestnut] = await Promise.all([network.as('alder', 'clinician'), network.as('birch', 'clinician'), network.as('chestnut', 'clinician')]);
    excluded = network.hospital('chestnut').did;
    for (const [slug, client, { bundle, nationalId }, recipient] of [
      ['alder', alder, atAlder, 'chestnut'],
      ['chestnut', chestnut, atChestnut, 'alder'],
    ] as const) {
      await client.admitBundle(bundle, 'LISTED');
      const officer = await network.as(slug, 'privacy-officer');
      const patientId = await officer.findPatient(nationalId);
      if (slug === 'chestnut') ownPatient = patientId;
      await officer.giveConsent({ patientId, recipientDid: network.hospital(recipient).did, recipientName: recipient, purposes: ['TREAT'] });
      await untilPublished(await network.as(slug, 'administrator'));
    }
    await allConnected();
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  const decide = async (mutation: 'suspendMember' | 'reinstateMember' | 'revokeMember'): Promise<string> => {
    const document = `mutation Decide($did: ID!) { result: ${mutation}(did: $did) { ${FAILURE_FIELDS} ... on MembershipEntry { state } } }`;
    return (await expectSuccess(registrar, document, { did: excluded }, z.object({ state: z.string() }))).state;
  };
  const others = (own: HospitalClient): string[] => network.network.hospitals.filter(({ graphql }) => graphql !== own.url).map(({ did }) => did).sort();
  const allConnected = async (): Promise<void> => {
    for (const client of [alder, birch, chestnut]) await until('the connections', () => connectedHospitals(client), (dids) => dids.join() === others(client).join(), RETURN_MILLISECONDS);
  };
  /** The others still have each other; the excluded one has nobody. */
  const excludedAlone = async (): Promise<void> => {
    for (const client of [alder, birch]) {
      const left = others(client).filter((did) => did !== excluded);
      await until('the removal', () => connectedHospitals(client), (dids) => dids.join() === left.join(), REMOVAL_MILLISECONDS);
    }
    await until('the removal', () => connectedHospitals(chestnut), (dids) => dids.length === 0, REMOVAL_MILLISECONDS);
  };
  const ask = async (client: HospitalClient, holderDid: string, identifier: { system: string; value: string }): Promise<AccessAnswer> => {
    const { locationId } = await client.locate(identifier, 'TREAT');
    return client.requestAccess({ locationId, holderDid, purpose: 'TREAT', reason: 'Chest pain.' });
  };
  const askedFromChestnut = (locationId: string): Promise<AccessAnswer> =>
    chestnut.requestAccess({ locationId, holderDid: network.hospital('alder').did, purpose: 'TREAT', reason: 'Chest pain.' });
  const released = (answer: AccessAnswer): boolean => answer.kind === 'request' && answer.state === 'RELEASED';

  it(
    'suspended: its connections are closed, and nothing is released from or to it',
    async () => {
      expect(released(await ask(alder, excluded, atChestnut.nationalId))).toBe(true);
      expect(released(await ask(chestnut, network.hospital('alder').did, atAlder.nationalId))).toBe(true);
      const [byAlder, byChestnut] = await Promise.all([alder.locate(atChestnut.nationalId, 'TREAT'), chestnut.locate(atAlder.nationalId, 'TREAT')]);

      const started = performance.now();
      expect(await decide('suspendMember')).toBe('SUSPENDED');
      await excludedAlone();
      process.stdout.write(`A suspended hospital was out after ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);

      expect(released(await alder.requestAccess({ locationId: byAlder.locationId, holderDid: excluded, purpose: 'TREAT', reason: 'Chest pain.' }))).toBe(false);
      expect(released(await askedFromChestnut(byChestnut.locationId))).toBe(false);
      // The others go on.
      expect((await birch.locate(atAlder.nationalId, 'TREAT')).holders.map(({ did }) => did)).toEqual([network.hospital('alder').did]);
    },
    TIMEOUT,
  );

  it(
    'reinstated: it is connected again, and records are released again',
    async () => {
      expect(await decide('reinstateMember')).toBe('ADMITTED');
      await allConnected();
      expect(released(await ask(alder, excluded, atChestnut.nationalId))).toBe(true);
      expect(released(await ask(chestnut, network.hospital('alder').did, atAlder.nationalId))).toBe(true);
    },
    TIMEOUT,
  );

  it(
    'revoked: out for ever, also after a restart; its own staff still read their own records',
    async () => {
      const { locationId } = await chestnut.locate(atAlder.nationalId, 'TREAT');
      expect(await decide('revokeMember')).toBe('REVOKED');
      await excludedAlone();
      expect(released(await askedFromChestnut(locationId))).toBe(false);
      await expect(decide('reinstateMember')).rejects.toThrow('WRONG_STATE');

      await network.hospital('chestnut').process.stop();
      const restarted = await network.network.restart('chestnut');
      expect(restarted.did).toBe(excluded);
      chestnut = await network.as('chestnut', 'clinician');
      const health = (await (await fetch(`${restarted.process.ready.http}/health/ready`)).json()) as object;
      expect(JSON.stringify(health)).toContain('"standing":"revoked"');
      const own = (await chestnut.timeline(ownPatient)).filter(({ resourceType }) => resourceType !== 'Consent');
      expect(own).toHaveLength(RESOURCES);
      for (const client of [alder, birch]) expect(await connectedHospitals(client)).not.toContain(excluded);
      expect(await connectedHospitals(chestnut)).toEqual([]);
      const answer = await chestnut.locate(atAlder.nationalId, 'TREAT').then(({ locationId: again }) => askedFromChestnut(again), () => undefined);
      expect(answer === undefined || !released(answer)).toBe(true);

      // Software of its own that shows the credential of before is let in no more than the node.
      await restarted.process.stop();
      const { host } = await impersonateAlone(network, 'chestnut');
      try {
        await expect(host.connect(network.hospital('alder').process.ready.p2p[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
        expect(host.members()).toEqual([]);
      } finally {
        await host.stop();
      }
    },
    TIMEOUT,
  );
});
