import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { readRawColumns } from '../support/database.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork } from '../support/running-network.ts';

const RESOURCES = 1_500;
/** Instants after the bundle was sent: while it is read, validated, sealed, written and acknowledged. */
const INSTANTS_MILLISECONDS = [30, 250, 600, 900, 1_300];
const TABLES = ['public.patient', 'public.record', 'public.record_version', 'public.manifest', 'keys.patient_key', 'public.patient_identifier'];
const TIMEOUT = 240_000;

describe('a node that is killed in the middle of an admission', () => {
  let network: TestNetwork;

  beforeAll(async () => {
    network = await startTestNetwork();
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  const rows = async (): Promise<Record<string, number>> => {
    const columns = await readRawColumns(network.hospital('alder').databaseUrl);
    return Object.fromEntries(TABLES.map((table) => [table, columns.find(({ name }) => name.startsWith(`${table}.`))?.rows ?? -1]));
  };

  it(
    'has all of the bundle or none of it afterwards, and admits it again',
    async () => {
      let admitted = 0;
      for (const [index, instant] of INSTANTS_MILLISECONDS.entries()) {
        const before = await rows();
        const { bundle } = patientOfSize(RESOURCES, { seed: 100 + index });
        const clinician = await network.as('alder', 'clinician');
        const answer = clinician.admitBundle(bundle, 'UNLISTED').then(
          () => 'acknowledged' as const,
          () => 'interrupted' as const,
        );
        await Promise.race([pause(instant), answer]);
        await network.hospital('alder').process.kill();
        const outcome = await answer;
        await network.network.restart('alder');

        const after = await rows();
        const added = Object.fromEntries(TABLES.map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)]));
        const whole = added['public.patient'] === 1;
        if (outcome === 'acknowledged') expect(whole).toBe(true);
        expect(added).toMatchObject(
          whole
            ? { 'public.patient': 1, 'public.manifest': 1, 'keys.patient_key': 1 }
            : { 'public.patient': 0, 'public.record': 0, 'public.record_version': 0, 'public.manifest': 0, 'keys.patient_key': 0, 'public.patient_identifier': 0 },
        );
        if (whole) expect(added['public.record_version']).toBeGreaterThanOrEqual(RESOURCES);
        const again = await (await network.as('alder', 'clinician')).admitBundle(bundle, 'UNLISTED');
        expect(await (await network.as('alder', 'clinician')).timeline(again.patients[0] ?? '')).toHaveLength(RESOURCES);
        admitted += whole ? 1 : 0;
      }
      expect(admitted).toBeLessThan(INSTANTS_MILLISECONDS.length);
    },
    TIMEOUT,
  );
});
