import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { ReferenceStore, StoredReference } from '@carecord/locator';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const inMinutes = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);

/**
 * What every {@link ReferenceStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeReferenceStore(
  name: string,
  makeStore: () => Promise<{ store: ReferenceStore; transactions: TransactionRunner }>,
): void {
  describe(`ReferenceStore: ${name}`, () => {
    let store: ReferenceStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const save = (...references: StoredReference[]): Promise<void> => transactions.run((transaction) => store.saveReferences(transaction, references));

    it('gives back what was saved last of a subject, and nothing of others', async () => {
      const [one, other] = [aReference(), aReference({ dummyGeneration: 3 })];
      await save(one, other);
      await save({ ...one, contentId: 'second', sequence: 1_900_000_000_000, expiresAt: inMinutes(9) });
      await save();
      expect(await store.referencesOf([one.subjectId])).toEqual([{ ...one, contentId: 'second', sequence: 1_900_000_000_000, expiresAt: inMinutes(9) }]);
      expect(await store.referencesOf([other.subjectId, newId(), 'nobody'])).toEqual([other]);
      expect(await store.referencesOf([])).toEqual([]);
    });

    it('names what expires before, the soonest first', async () => {
      const [late, soon, kept] = [aReference({ expiresAt: inMinutes(2) }), aReference({ expiresAt: inMinutes(1), dummyGeneration: 0 }), aReference({ expiresAt: inMinutes(3) })];
      await save(late, soon, kept);
      expect(await store.referencesDue(inMinutes(3), 9)).toEqual([soon, late]);
      expect(await store.referencesDue(inMinutes(3), 1)).toEqual([soon]);
    });

    it('counts patients and dummies, chooses among the dummies, and forgets', async () => {
      const dummies = [aReference({ dummyGeneration: 0 }), aReference({ dummyGeneration: 1 })];
      await save(...dummies, aReference(), aReference(), aReference());
      expect(await store.countReferences()).toEqual({ patients: 3, dummies: 2 });
      expect((await store.randomDummyReferences(9)).map(({ subjectId }) => subjectId).sort()).toEqual(dummies.map(({ subjectId }) => subjectId).sort());
      expect(await store.randomDummyReferences(1)).toHaveLength(1);
      await transactions.run((transaction) => store.removeReferences(transaction, [dummies[0]?.subjectId ?? '', newId()]));
      expect(await store.countReferences()).toEqual({ patients: 3, dummies: 1 });
    });
  });
}

function aReference(changes: Partial<StoredReference> = {}): StoredReference {
  return { subjectId: newId(), dummyGeneration: undefined, contentId: 'first', sequence: 1, expiresAt: NOW, ...changes };
}
