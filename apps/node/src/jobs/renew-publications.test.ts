import { describe, expect, it } from '@jest/globals';
import { later, silentLogger } from '@carecord/core';
import type { DueSubject, StoredReference } from '@carecord/locator';
import { ManualClock } from '@carecord/testkit';
import { RENEW_BEFORE_MILLISECONDS, renewPublications } from './renew-publications.ts';
import type { RenewalDependencies } from './renew-publications.ts';

const clock = new ManualClock();
const subject = (subjectId: string, dummy = false): DueSubject => ({ subjectId, dummy });
const reference = (subjectId: string, dummyGeneration?: number): StoredReference => ({ subjectId, dummyGeneration, contentId: 'c', sequence: 1, expiresAt: clock.now() });

/** Stores in which what was renewed is no longer due, and what failed still is. */
function fixture({ due = [], dueReferences = [], failing = [], gone = [] }: { due?: DueSubject[]; dueReferences?: StoredReference[]; failing?: string[]; gone?: string[] }) {
  const steps: string[] = [];
  const asked: Date[] = [];
  const done = new Set<string>();
  const settle = (patientIds: readonly string[], dummyIds: readonly string[]): { patientId: string; error?: Error }[] => {
    for (const id of [...patientIds, ...dummyIds]) if (!failing.includes(id)) done.add(id);
    return patientIds.map((patientId) => (failing.includes(patientId) ? { patientId, error: new Error('x') } : { patientId }));
  };
  const dependencies: RenewalDependencies = {
    clock,
    logger: silentLogger,
    locator: {
      tidy: () => Promise.resolve(void steps.push('tidy pointers')),
      due: (before, limit) => {
        asked.push(before);
        return Promise.resolve(due.filter(({ subjectId }) => !done.has(subjectId)).slice(0, limit));
      },
    },
    references: {
      tidy: () => Promise.resolve(void steps.push('tidy references')),
      due: (_before, limit) => Promise.resolve(dueReferences.filter(({ subjectId }) => !done.has(`ref ${subjectId}`)).slice(0, limit)),
      forget: (ids) => {
        if (ids.length > 0) steps.push(`forget ${ids.join()}`);
        for (const id of ids) done.add(`ref ${id}`);
        return Promise.resolve();
      },
      publish: (patients, dummies) => {
        steps.push(`references ${patients.map(({ patientId }) => patientId).join()} dummies ${(dummies ?? []).map(({ subjectId }) => subjectId).join()}`);
        for (const { patientId } of patients) done.add(`ref ${patientId}`);
        for (const { subjectId } of dummies ?? []) done.add(`ref ${subjectId}`);
        return Promise.resolve(patients.map(({ patientId }) => ({ patientId })));
      },
    },
    records: { manifests: (ids) => Promise.resolve(ids.filter((id) => !gone.includes(id)).map((patientId) => ({ patientId, contentId: 'c' }))) },
    publisher: {
      publishPointers: (patientIds, dummyIds) => {
        steps.push(`pointers ${String(patientIds.length)} dummies ${String(dummyIds.length)}`);
        return Promise.resolve(settle(patientIds, dummyIds));
      },
    },
  };
  return { dependencies, steps, asked };
}

describe('renewPublications', () => {
  it('first brings the dummies to their number, then renews what expires soon, dummies with patients', async () => {
    const { dependencies, steps, asked } = fixture({ due: [subject('p1'), subject('d1', true), subject('p2')], dueReferences: [reference('p1'), reference('d2', 0)] });
    expect(await renewPublications(dependencies)).toEqual({ renewed: 5, failed: 0 });
    expect(steps).toEqual(['tidy pointers', 'pointers 2 dummies 1', 'tidy references', 'references p1 dummies d2']);
    expect(asked[0]).toEqual(later(clock.now(), RENEW_BEFORE_MILLISECONDS));
  });

  it('goes through thousands in batches, each once, though the first ones keep failing', async () => {
    const due = Array.from({ length: 1_700 }, (_, at) => subject(`p${String(at)}`));
    const failing = due.slice(0, 600).map(({ subjectId }) => subjectId);
    const { dependencies, steps } = fixture({ due, failing });
    expect(await renewPublications(dependencies)).toEqual({ renewed: 1_100, failed: 600 });
    expect(steps.filter((step) => step.startsWith('pointers')).map((step) => Number(step.split(' ')[1])).reduce((sum, count) => sum + count, 0)).toBe(1_700);
  });

  it('does nothing when nothing is due', async () => {
    const { dependencies, steps } = fixture({});
    expect(await renewPublications(dependencies)).toEqual({ renewed: 0, failed: 0 });
    expect(steps).toEqual(['tidy pointers', 'tidy references']);
  });

  it('renews references while there are no guardians for the pointers, and says that these failed; and the other way round', async () => {
    const failing = new Error('No guardians.');
    const fail = (): Promise<void> => Promise.reject(failing);
    const due = { due: [subject('p1')], dueReferences: [reference('p1')] };
    const [without, unstored] = [fixture(due), fixture(due)];
    const { locator, references } = unstored.dependencies;
    await expect(renewPublications({ ...without.dependencies, locator: { ...locator, tidy: fail } })).rejects.toBe(failing);
    expect(without.steps).toEqual(['tidy references', 'references p1 dummies ']);
    await expect(renewPublications({ ...unstored.dependencies, references: { ...references, tidy: fail } })).rejects.toBe(failing);
    expect(unstored.steps).toEqual(['tidy pointers', 'pointers 1 dummies 0']);
  });

  it('forgets references of patients whom the hospital does not have any more', async () => {
    const { dependencies, steps } = fixture({ dueReferences: [reference('here'), reference('gone')], gone: ['gone'] });
    await renewPublications(dependencies);
    expect(steps.slice(2)).toEqual(['forget gone', 'references here dummies ']);
  });
});
