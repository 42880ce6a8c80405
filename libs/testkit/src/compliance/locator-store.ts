import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { LocatorStore, PatientTag } from '@carecord/locator';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;

/**
 * What every {@link LocatorStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeLocatorStore(
  name: string,
  makeStore: () => Promise<{ store: LocatorStore; transactions: TransactionRunner }>,
): void {
  describe(`LocatorStore: ${name}`, () => {
    let store: LocatorStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });

    const save = (...tags: PatientTag[]): Promise<void> => transactions.run((transaction) => store.saveTags(transaction, tags));
    const take = (tag: PatientTag, atLeast: number): Promise<number | undefined> =>
      transactions.run((transaction) => store.nextSequence(transaction, tag.patientId, tag.identifierToken, atLeast));
    const publish = async (tag: PatientTag, listing: 'listed' | 'unlisted', expiresAt: Date): Promise<void> => {
      const sequence = (await take(tag, 0)) ?? 0;
      await transactions.run((transaction) =>
        store.savePublication(transaction, tag.patientId, tag.identifierToken, { sequence, slot: 2, listing, expiresAt }),
      );
    };

    describe('tags', () => {
      it('gives back the tags of a patient, unpublished at first', async () => {
        const tag = aTag(1);
        const other = aTag(2, tag.patientId);
        await save(tag, other, aTag(3));
        const stored = await store.tagsOfPatient(tag.patientId);
        expect(stored).toHaveLength(2);
        const publication = { sequence: 0, slot: undefined, listing: undefined, expiresAt: undefined };
        expect(stored).toEqual(expect.arrayContaining([{ ...tag, publication }, { ...other, publication }]));
      });

      it('gives back nothing of a patient it does not know', async () => {
        expect(await store.tagsOfPatient(newId())).toEqual([]);
      });

      it('replaces a tag of the same identifier and keeps its publication', async () => {
        const tag = aTag(1);
        await save(tag);
        await publish(tag, 'listed', NOW);
        await save({ ...tag, tagToken: filled(32, 9), epoch: 2 });
        expect(await store.tagsOfPatient(tag.patientId)).toEqual([
          { ...tag, tagToken: filled(32, 9), epoch: 2, publication: { sequence: 1, slot: 2, listing: 'listed', expiresAt: NOW } },
        ]);
      });

      it('forgets the named tags alone', async () => {
        const tag = aTag(1);
        const kept = aTag(2, tag.patientId);
        await save(tag, kept);
        await transactions.run((transaction) =>
          store.removeTags(transaction, tag.patientId, [tag.identifierToken, filled(32, 77)]),
        );
        expect((await store.tagsOfPatient(tag.patientId)).map((one) => one.identifierToken)).toEqual([kept.identifierToken]);
      });

      it('writes nothing for an empty list', async () => {
        await save();
        expect(await store.patientsDue({ expiresBefore: NOW, epoch: 1, limit: 10 })).toEqual([]);
      });
    });

    describe('matching', () => {
      it('finds all patients of a match token, and none of another', async () => {
        const tag = aTag(1);
        const twin = { ...aTag(2), tagToken: tag.tagToken };
        await save(tag, twin);
        expect(await store.patientsByTagToken(tag.tagToken)).toEqual([tag.patientId, twin.patientId].sort());
        expect(await store.patientsByTagToken(filled(32, 99))).toEqual([]);
      });

      it('finds the patient of a handle token, and none of another', async () => {
        const tag = aTag(1);
        await save(tag);
        expect(await store.patientByHandleToken(tag.handleToken)).toBe(tag.patientId);
        expect(await store.patientByHandleToken(tag.tagToken)).toBeUndefined();
      });
    });

    describe('sequences and publications', () => {
      it('takes a sequence that is higher than the last and at least what is asked', async () => {
        const tag = aTag(1);
        await save(tag);
        expect(await take(tag, 0)).toBe(1);
        expect(await take(tag, 1_900_000_000_000)).toBe(1_900_000_000_000);
        expect(await take(tag, 5)).toBe(1_900_000_000_001);
      });

      it('never gives the same sequence twice to those who ask at once', async () => {
        const tag = aTag(1);
        await save(tag);
        const taken = await Promise.all([1, 2, 3, 4].map(() => take(tag, 0)));
        expect(new Set(taken).size).toBe(4);
      });

      it('takes none for an unknown tag', async () => {
        expect(await take(aTag(1), 7)).toBeUndefined();
      });

      it('ignores a publication after which a higher sequence was taken', async () => {
        const tag = aTag(1);
        await save(tag);
        const sequence = (await take(tag, 0)) ?? 0;
        await take(tag, 0);
        await transactions.run((transaction) =>
          store.savePublication(transaction, tag.patientId, tag.identifierToken, { sequence, slot: 1, listing: 'listed', expiresAt: NOW }),
        );
        const [stored] = await store.tagsOfPatient(tag.patientId);
        expect(stored?.publication).toEqual({ sequence: 2, slot: undefined, listing: undefined, expiresAt: undefined });
      });

      it('ignores a publication of a tag that is gone', async () => {
        const tag = aTag(1);
        await transactions.run((transaction) =>
          store.savePublication(transaction, tag.patientId, tag.identifierToken, { sequence: 1, slot: 1, listing: 'listed', expiresAt: NOW }),
        );
        expect(await store.tagsOfPatient(tag.patientId)).toEqual([]);
      });
    });

    describe('what is due', () => {
      it('names patients with a pointer that expires before, the soonest first, each once', async () => {
        const [first, second, third] = [aTag(1), aTag(2), aTag(3)];
        const again = aTag(4, first.patientId);
        await save(first, second, third, again);
        await publish(second, 'listed', new Date(NOW.getTime() + HOUR));
        await publish(first, 'listed', NOW);
        await publish(again, 'listed', new Date(NOW.getTime() + HOUR));
        await publish(third, 'listed', new Date(NOW.getTime() + 5 * HOUR));
        const expiresBefore = new Date(NOW.getTime() + 2 * HOUR);
        expect(await store.patientsDue({ expiresBefore, epoch: 1, limit: 10 })).toEqual([first.patientId, second.patientId]);
        expect(await store.patientsDue({ expiresBefore, epoch: 1, limit: 1 })).toEqual([first.patientId]);
      });

      it('names no tombstone and nothing that was never published', async () => {
        const tag = aTag(1);
        await save(tag, aTag(2));
        await publish(tag, 'unlisted', NOW);
        expect(await store.patientsDue({ expiresBefore: new Date(NOW.getTime() + HOUR), epoch: 1, limit: 10 })).toEqual([]);
      });

      it('names patients with a tag of another epoch', async () => {
        const tag = aTag(1);
        await save(tag, { ...aTag(2), epoch: 2 });
        expect(await store.patientsDue({ expiresBefore: NOW, epoch: 2, limit: 10 })).toEqual([tag.patientId]);
      });
    });

    describe('locations', () => {
      const location = { id: newId(), staffId: newId(), sealed: filled(500, 3), expiresAt: new Date(NOW.getTime() + HOUR) };
      beforeEach(() => transactions.run((transaction) => store.saveLocation(transaction, location)));

      it('gives a location back to the staff member who made it, until it expires', async () => {
        expect(await store.findLocation(location.id, location.staffId, NOW)).toEqual(location);
        expect(await store.findLocation(location.id, location.staffId, location.expiresAt)).toBeUndefined();
      });

      it('gives it to nobody else', async () => {
        expect(await store.findLocation(location.id, newId(), NOW)).toBeUndefined();
        expect(await store.findLocation(newId(), location.staffId, NOW)).toBeUndefined();
      });

      it('removes what has expired, and only that', async () => {
        const remove = (now: Date): Promise<number> => transactions.run((transaction) => store.removeExpiredLocations(transaction, now));
        expect(await remove(NOW)).toBe(0);
        expect(await remove(location.expiresAt)).toBe(1);
        expect(await store.findLocation(location.id, location.staffId, NOW)).toBeUndefined();
      });
    });
  });
}

function aTag(seed: number, patientId: string = newId()): PatientTag {
  return {
    patientId,
    identifierToken: filled(32, seed),
    tagToken: filled(32, seed + 50),
    handleToken: filled(32, seed + 100),
    sealedTag: filled(61, seed + 150),
    epoch: 1,
  };
}
