import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { makeSoftToken, whyNoToken } from '../../libs/keys/src/pkcs11/soft-token.fixture.ts';
import type { NodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { VaultStandIn } from '../../libs/testkit/src/vault-stand-in.ts';
import { query } from '../support/database.ts';
import type { Organisation } from '../support/organisation.ts';
import { untilPublished } from '../support/running-network.ts';
import { signInAs, startSmallNetwork } from '../support/small-network.ts';
import type { SmallNetwork } from '../support/small-network.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 120_000;
/** The key server is asked again with growing pauses. */
const RETURN_MILLISECONDS = 20_000;
const RESOURCES = 6;

/** Hospitals whose root keys are elsewhere exchange with one whose keys are in a sealed file. */
describe('a hospital whose root keys are not in a file', () => {
  let network: SmallNetwork;
  let east: NodeProcess;

  beforeAll(async () => {
    network = await startSmallNetwork(['token', 'vault', 'east']);
    east = await (await network.hospital('east')).start();
  }, TIMEOUT);
  afterAll(() => network.stop());

  /** Admits a patient, and has the records released to the other hospital. */
  const exchange = async (holder: NodeProcess, seed: number): Promise<{ readonly patientId: string; readonly requestId: string }> => {
    const { bundle, nationalId } = patientOfSize(RESOURCES, { seed });
    await (await signInAs('clinician', holder)).admitBundle(bundle, 'LISTED');
    const officer = await signInAs('privacy-officer', holder);
    const patientId = await officer.findPatient(nationalId);
    await officer.giveConsent({ patientId, recipientDid: east.ready.did, recipientName: 'East', purposes: ['TREAT'] });
    await untilPublished(await signInAs('administrator', holder));
    const clinician = await signInAs('clinician', east);
    const { locationId } = await clinician.locate(nationalId, 'TREAT');
    const answer = await clinician.requestAccess({ locationId, holderDid: holder.ready.did, purpose: 'TREAT', reason: 'Chest pain.' });
    if (answer.kind !== 'request' || answer.state !== 'RELEASED') throw new Error(`The answer was ${JSON.stringify(answer)}.`);
    expect((await clinician.releasedRecords(answer.requestId)).length).toBeGreaterThan(RESOURCES);
    return { patientId, requestId: answer.requestId };
  };
  const opens = async (node: NodeProcess, patientId: string): Promise<void> => {
    // The consent lies with the other records.
    expect((await (await signInAs('clinician', node)).timeline(patientId)).length).toBe(RESOURCES + 1);
  };
  const refuses = async (organisation: Organisation, sentence: RegExp): Promise<void> => {
    const { code, output, errors } = await organisation.startInVain();
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(errors).toMatch(/^[^\n]+\.\n$/);
  };
  const rootKeysInUse = async (organisation: Organisation): Promise<readonly string[]> =>
    (await query<{ id: string }>(organisation.environment['DATABASE_URL'] ?? '', 'select distinct root_key_id as id from keys.node_key where wrapped_key is not null')).map(({ id }) => id);
  const readiness = async (node: NodeProcess): Promise<number> => (await fetch(`${node.ready.http}/health/ready`)).status;

  it(
    'works with a key server, waits while that is away, and opens nothing when its key is destroyed',
    async () => {
      const vault = await VaultStandIn.start();
      try {
        const token = vault.issueToken();
        const organisation = (
          await network.hospital('vault', {
            CARECORD_KEY_HOLDER: 'vault-transit',
            CARECORD_VAULT_ADDRESS: vault.address,
            CARECORD_VAULT_TOKEN_FILE: await network.organisations.file('vault-token', token),
          })
        ).with({ CARECORD_KEY_PASSPHRASE_FILE: undefined });
        const node = await organisation.start();
        const { patientId } = await exchange(node, 1);
        expect(await rootKeysInUse(organisation)).toEqual(['root-1']);

        vault.setSealed(true);
        expect(await readiness(node)).toBe(503);
        await expect(opens(node, patientId)).rejects.toThrow('KEY_HOLDER_UNAVAILABLE');
        vault.setSealed(false);
        await until('the readiness', () => readiness(node), (status) => status === 200, RETURN_MILLISECONDS);
        await opens(node, patientId);

        await node.stop();
        const again = await organisation.start();
        expect(again.ready.did).toBe(node.ready.did);
        await opens(again, patientId);

        const change = (path: string, method: string, body: object): Promise<Response> =>
          fetch(`${vault.address}/v1/transit/keys/carecord-root${path}`, { method, headers: { 'x-vault-token': token }, ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }) });
        expect((await change('/config', 'POST', { deletion_allowed: true })).ok).toBe(true);
        expect((await change('', 'DELETE', {})).ok).toBe(true);
        await expect(opens(again, patientId)).rejects.toThrow('RECORD_UNREADABLE');
        await again.stop();
        await refuses(organisation, /^The root keys do not open the keys in this database/);
      } finally {
        await vault.stop();
      }
    },
    TIMEOUT,
  );

  const missing = whyNoToken();
  (missing === undefined ? it : it.skip)(
    `works with a token, and opens nothing without it${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    async () => {
      const token = await makeSoftToken();
      try {
        const organisation = (
          await network.hospital('token', {
            CARECORD_KEY_HOLDER: 'pkcs11',
            CARECORD_PKCS11_MODULE: token.modulePath,
            CARECORD_PKCS11_TOKEN: token.tokenLabel,
            CARECORD_PKCS11_PIN_FILE: await network.organisations.file('pin', token.pin),
            SOFTHSM2_CONF: join(dirname(token.directory), 'softhsm2.conf'),
          })
        ).with({ CARECORD_KEY_PASSPHRASE_FILE: undefined });
        const node = await organisation.start();
        const { patientId, requestId } = await exchange(node, 2);
        expect(await rootKeysInUse(organisation)).toEqual(['root-1']);

        await node.stop();
        const again = await organisation.start();
        expect(again.ready.did).toBe(node.ready.did);
        await opens(again, patientId);

        await again.stop();
        await rm(token.directory, { recursive: true });
        await mkdir(token.directory);
        await refuses(organisation, /token/);
        // What was released before is the other hospital's now, under its own keys.
        expect((await (await signInAs('clinician', east)).releasedRecords(requestId)).length).toBeGreaterThan(RESOURCES);
      } finally {
        await token.remove();
      }
    },
    TIMEOUT,
  );
});
