import { expect } from '@jest/globals';
import fc from 'fast-check';
import { REWRAP_LEVELS } from '../index.ts';
import { ACTOR, RewrappedHospital } from './rewrapping.fixture.ts';
import type { RewrappingStores } from './rewrapping.fixture.ts';

const work = fc.constantFrom('admit', 'add', 'read');
const keyWork = fc.record({ level: fc.constantFrom(...REWRAP_LEVELS), diesAt: fc.option(fc.integer({ min: 1, max: 40 })), destroy: fc.boolean() });
/** How many turns of the event loop a lane lets pass before each of its steps. */
const pauses = fc.infiniteStream(fc.integer({ min: 0, max: 3 }));

/**
 * For the tests beside and those of the storage: admissions and readers at the same time as re-wrapping that dies anywhere.
 * Everything must open at all times, and in the end nothing may lie under an old key.
 */
export async function checkInterleavings(makeStores: () => Promise<RewrappingStores>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 8 }), fc.array(keyWork, { minLength: 1, maxLength: 5 }), pauses, async (steps, keySteps, pause) => {
      const hospital = await RewrappedHospital.open(await makeStores(), { batchSize: 1 });
      await hospital.admitPatient();
      await hospital.admitPatient();
      const wait = async (): Promise<void> => {
        for (let left = pause.next().value as number; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
      };
      const hospitalLane = async (): Promise<void> => {
        for (const step of steps) {
          await wait();
          if (step === 'admit') await hospital.admitPatient();
          else if (step === 'add') await hospital.admitVersions([...hospital.expected.keys()][0] as string);
          else expect(await hospital.unreadable()).toEqual([]);
        }
      };
      const keyLane = async (): Promise<void> => {
        for (const { level, diesAt, destroy } of keySteps) {
          await wait();
          hospital.faults.arm(diesAt ?? Number.POSITIVE_INFINITY);
          await hospital.rewrap(level).catch(() => undefined);
          hospital.faults.arm(Number.POSITIVE_INFINITY);
          await hospital.rewrapping.run();
          if (destroy) await hospital.rewrapping.destroyOldRootKeys(ACTOR).catch(() => undefined);
        }
      };
      // Both to their end, also when one fails: the next run may have the same database.
      const lanes = await Promise.allSettled([hospitalLane(), keyLane()]);
      expect(lanes.flatMap((lane) => (lane.status === 'rejected' ? [lane.reason as unknown] : []))).toEqual([]);
      expect(await hospital.unreadable()).toEqual([]);
      for (const level of REWRAP_LEVELS) await hospital.rewrap(level);
      await hospital.rewrapping.destroyOldRootKeys(ACTOR);
      expect(await hospital.unreadable()).toEqual([]);
      expect((await hospital.rewrapping.jobs()).every(({ state }) => state === 'finished')).toBe(true);
      expect(await hospital.holder.rootKeyIds()).toHaveLength(1);
      expect(await hospital.place.keys.epochs()).toHaveLength(1);
      await hospital.audit.verify();
    }),
    { numRuns },
  );
}
