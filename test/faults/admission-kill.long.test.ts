import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { readRawColumns } from '../support/database.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork } from '../support/running-network.ts';

const RESOURCES = 1_500;
/** When the node is killed, as shares of the time that an admission takes: while it is read, validated, sealed, written; after its end. */
const INSTANTS = [0.02, 0.3, 0.6, 0.8, 0.95, 'acknowledged'] as const;
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

  /** One admission without a kill, after one that warms the node up. */
  const timeOfAdmission = async (): Promise<number> => {
    const clinician = await network.as('alder', 'clinician');
    await clinician.admitBundle(patientOfSize(RESOURCES, { seed: 98 }).bundle, 'UNLISTED');
    const { bundle } = patientOfSize(RESOURCES, { seed: 99 });
    const started = performance.now();
    await clinician.admitBundle(bundle, 'UNLISTED');
    return performance.now() - started;
  };

  it(
    'has all of the bundle or none of it afterwards, and admits it again',
    async () => {
      const outcomes: ('all' | 'none')[] = [];
      const milliseconds = await timeOfAdmission();
      for (const [index, instant] of INSTANTS.entries()) {
        const before = await rows();
        const { bundle } = patientOfSize(RESOURCES, { seed: 100 + index });
        const clinician = await network.as('alder', 'clinician');
        const answer = clinician.admitBundle(bundle, 'UNLISTED').then(
          () => 'acknowledged' as const,
          () => 'interrupted' as const,
        );
        await (instant === 'acknowledged' ? answer : pause(instant * milliseconds));
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
        outcomes.push(whole ? 'all' : 'none');
      }
      // Both ends of the race were seen, so the test has tested both.
      expect(outcomes.at(0)).toBe('none');
      expect(outcomes.at(-1)).toBe('all');
    },
    TIMEOUT,
  );
});
