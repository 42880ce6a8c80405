import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import type { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { query } from '../support/database.ts';
import { failureOf } from '../support/failure.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork } from '../support/running-network.ts';

const FLIP_LAST_BIT = 'set_byte(ciphertext, length(ciphertext) - 1, get_byte(ciphertext, length(ciphertext) - 1) # 1)';

describe('somebody changes a database behind the node', () => {
  let network: TestNetwork;
  let clinician: HospitalClient;
  let patientId: string;
  let database: string;

  beforeAll(async () => {
    network = await startTestNetwork();
    clinician = await network.as('alder', 'clinician');
    database = network.hospital('alder').databaseUrl;
    [patientId = ''] = (await clinician.admitBundle(patientOfSize(30, { seed: 3 }).bundle, 'LISTED')).patients;
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  const readTimeline = (): Promise<string> => failureOf(network.hospital('alder').graphql, clinician.token, { field: `timeline(patientId: "${patientId}")` });
  const observation = "record_id = (select id from record where resource_type = 'Observation' order by id limit 1)";

  it('a flipped bit in a ciphertext: CIPHERTEXT_TAMPERED, and whole again when it is put back', async () => {
    const before = (await clinician.timeline(patientId)).length;
    await query(database, `update record_version set ciphertext = ${FLIP_LAST_BIT} where ${observation}`);
    expect(await readTimeline()).toBe('CIPHERTEXT_TAMPERED');
    await query(database, `update record_version set ciphertext = ${FLIP_LAST_BIT} where ${observation}`);
    expect(await clinician.timeline(patientId)).toHaveLength(before);
  });

  it('two envelopes swapped: CIPHERTEXT_TAMPERED', async () => {
    const pair = await query<{ record: string; ciphertext: Buffer; key: Buffer }>(
      database,
      `select record_id as record, ciphertext, wrapped_data_key as key from record_version join record on record.id = record_id
       where resource_type = 'Observation' order by record_id limit 2`,
    );
    const [one, two] = pair;
    if (one === undefined || two === undefined) throw new Error('The patient has too few observations.');
    const write = (record: string, from: typeof one): Promise<unknown> =>
      query(database, 'update record_version set ciphertext = $2, wrapped_data_key = $3 where record_id = $1', [record, from.ciphertext, from.key]);
    await write(one.record, two);
    await write(two.record, one);
    expect(await readTimeline()).toBe('CIPHERTEXT_TAMPERED');
    await write(one.record, one);
    await write(two.record, two);
    expect((await clinician.timeline(patientId)).length).toBeGreaterThan(0);
  });

  it('the audit log refuses to be changed or shortened', async () => {
    await expect(query(database, "update audit_event set outcome = 'refused'")).rejects.toThrow(/append-only/i);
    await expect(query(database, 'delete from audit_event')).rejects.toThrow(/append-only/i);
    await expect(query(database, 'truncate audit_event')).rejects.toThrow();
  });
});
