import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { LocatorStore, PatientTag, PointerClaim, PointerKey, PointerState, TagRecipe } from '@carecord/locator';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;
const EVERYBODY: Uint8Array = new Uint8Array();
const inHours = (hours: number): Date => new Date(NOW.getTime() + hours * HOUR);

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
    const remove = (...tags: PatientTag[]): Promise<void> => transactions.run((transaction) => store.removeTags(transaction, tags));
    const claim = (...claims: PointerClaim[]): Promise<(number | undefined)[]> => transactions.run((transaction) => store.claimPointers(transaction, claims));
    const note = (...states: (PointerKey & PointerState)[]): Promise<void> => transactions.run((transaction) => store.savePointers(transaction, states));
    const publish = async (tag: PatientTag, state: 'listed' | 'withdrawn', expiresAt: Date, recipientToken = EVERYBODY): Promise<void> => {
      const [sequence = 0] = await claim(claimOf(tag, { recipientToken }));
      await note({ ...keyOf(tag, recipientToken), sequence, slot: 2, touched: 4, state, expiresAt });
    };
    const due = async (filter: { expiresBefore?: Date; liveEpochs?: number[]; limit?: number } = {}): Promise<string[]> => {
      const found = await store.due({ expiresBefore: inHours(2), liveEpochs: [1], limit: 10, ...filter });
      return found.map(({ subjectId }) => subjectId);
    };

    describe('tags', () => {
      it('gives back the tags of patients, unpublished at first', async () => {
        const tag = aTag(1);
        const other = aTag(2, { patientId: tag.patientId, epoch: 2 });
        const third = aTag(3);
        await save(tag, other, third, aTag(4));
        expect(await store.tagsOf([tag.patientId])).toEqual(expect.arrayContaining([{ ...tag, pointers: [] }, { ...other, pointers: [] }]));
        expect(await store.tagsOf([tag.patientId, third.patientId])).toHaveLength(3);
      });

      it('gives back nothing of patients it does not know', async () => {
        expect(await store.tagsOf([newId(), 'nobody'])).toEqual([]);
        expect(await store.tagsOf([])).toEqual([]);
      });

      it('keeps a tag that is there already, and its pointers', async () => {
        const tag = aTag(1);
        await save(tag);
        await publish(tag, 'listed', NOW);
        await save({ ...tag, tagToken: filled(32, 9) });
        expect(await store.tagsOf([tag.patientId])).toMatchObject([{ ...tag, pointers: [{ state: 'listed' }] }]);
      });

      it('forgets the named tags alone, and their pointers', async () => {
        const tag = aTag(1);
        const kept = aTag(2, { patientId: tag.patientId });
        const sameInput = aTag(3, { patientId: tag.patientId, inputToken: tag.inputToken, epoch: 2 });
        await save(tag, kept, sameInput);
        await publish(tag, 'listed', NOW);
        await remove(tag, aTag(77));
        expect((await store.tagsOf([tag.patientId])).map(({ handleToken }) => handleToken)).toEqual(expect.arrayContaining([kept.handleToken, sameInput.handleToken]));
        await save(tag);
        expect(await store.tagsOf([tag.patientId])).toHaveLength(3);
        expect((await store.tagsOf([tag.patientId])).every(({ pointers }) => pointers.length === 0)).toBe(true);
      });

      it('forgets ended epochs of patients who have a tag in a live one, and of dummies', async () => {
        const [moved, waiting] = [aTag(1), aTag(2)];
        await save(moved, aTag(3, { patientId: moved.patientId, epoch: 2 }), waiting, aTag(4, { recipe: 'dummy' }), aTag(5, { recipe: 'dummy', epoch: 2 }));
        const forget = (limit: number): Promise<number> => transactions.run((transaction) => store.removeEndedEpochs(transaction, [2], limit));
        expect(await forget(1)).toBe(1);
        expect(await forget(10)).toBe(1);
        expect(await forget(10)).toBe(0);
        expect((await store.tagsOf([moved.patientId])).map(({ epoch }) => epoch)).toEqual([2]);
        expect(await store.tagsOf([waiting.patientId])).toHaveLength(1);
        expect((await store.countPointers(2, NOW)).dummies).toBe(1);
      });

      it('writes nothing for an empty list', async () => {
        await save();
        await remove();
        await note();
        expect(await claim()).toEqual([]);
        expect(await due()).toEqual([]);
      });
    });

    describe('matching', () => {
      it('finds all patients of a match token, each by its strongest recipe, and none of another', async () => {
        const tag = aTag(1, { recipe: 'name-parts-birthdate-sex/1' });
        const stronger = aTag(2, { patientId: tag.patientId, tagToken: tag.tagToken, recipe: 'name-birthdate-sex/1' });
        const twin = aTag(3, { tagToken: tag.tagToken, recipe: 'name-parts-birthdate-sex/1' });
        await save(tag, stronger, twin);
        const found = [
          { patientId: tag.patientId, recipe: 'name-birthdate-sex/1', tagToken: tag.tagToken },
          { patientId: twin.patientId, recipe: 'name-parts-birthdate-sex/1', tagToken: tag.tagToken },
        ];
        expect(await store.patientsByTagToken(tag.tagToken)).toEqual(found.sort((one, other) => (one.patientId < other.patientId ? -1 : 1)));
        expect(await store.patientsByTagToken(filled(32, 99))).toEqual([]);
      });

      it('finds the patient of a handle token, and none of another', async () => {
        const tag = aTag(1);
        await save(tag);
        expect(await store.patientByHandleToken(tag.handleToken)).toEqual({ patientId: tag.patientId, recipe: 'identifier/1', tagToken: tag.tagToken });
        expect(await store.patientByHandleToken(tag.tagToken)).toBeUndefined();
      });
    });

    describe('pointers', () => {
      it('takes sequences that are higher than the last and at least what is asked, in the order asked', async () => {
        const [tag, other] = [aTag(1), aTag(2)];
        await save(tag, other);
        expect(await claim(claimOf(tag, { atLeast: 5 }), claimOf(aTag(3)), claimOf(other, { atLeast: 1_900_000_000_000 }))).toEqual([5, undefined, 1_900_000_000_000]);
        expect(await claim(claimOf(other, { atLeast: 5 }), claimOf(tag))).toEqual([1_900_000_000_001, 6]);
        expect(await claim({ ...claimOf(tag), patientId: 'nobody' })).toEqual([undefined]);
      });

      it('never gives the same sequence twice to those who ask at once', async () => {
        const tags = [aTag(1), aTag(2), aTag(3)];
        await save(...tags);
        const orders = [tags, [...tags].reverse(), tags, [...tags].reverse()];
        const taken = await Promise.all(orders.map((order) => claim(...order.map((tag) => claimOf(tag, { atLeast: 1 })))));
        expect(taken.map((sequences) => sequences.reduce((sum: number, one) => sum + (one ?? 0), 0)).reduce((sum, one) => sum + one, 0)).toBe(3 * (1 + 2 + 3 + 4));
      });

      it('remembers each slot that was tried before anything is known to be written, and for whom', async () => {
        const tag = aTag(1);
        await save(tag);
        await claim(claimOf(tag, { slot: 3 }));
        await claim(claimOf(tag, { slot: 0 }), claimOf(tag, { slot: 7, recipientToken: filled(32, 8), sealedRecipient: filled(70, 9) }));
        const [stored] = await store.tagsOf([tag.patientId]);
        const unknown = { state: undefined, expiresAt: undefined };
        expect(stored?.pointers).toEqual(
          expect.arrayContaining([
            { recipientToken: EVERYBODY, sealedRecipient: EVERYBODY, sequence: 2, slot: 0, touched: 0b1001, ...unknown },
            { recipientToken: filled(32, 8), sealedRecipient: filled(70, 9), sequence: 1, slot: 7, touched: 0b1000_0000, ...unknown },
          ]),
        );
      });

      it('notes how pointers stand, not after a higher sequence was taken, and not of what is gone', async () => {
        const [tag, other] = [aTag(1), aTag(2)];
        await save(tag, other);
        const [first = 0] = await claim(claimOf(tag));
        await claim(claimOf(other));
        const state = { slot: 1, touched: 2, state: 'listed' as const, expiresAt: NOW };
        await note({ ...keyOf(tag), sequence: first, ...state }, { ...keyOf(other), sequence: 0, ...state }, { ...keyOf(aTag(3)), sequence: 9, ...state });
        expect((await store.tagsOf([tag.patientId]))[0]?.pointers).toMatchObject([{ sequence: first, ...state }]);
        expect((await store.tagsOf([other.patientId]))[0]?.pointers).toMatchObject([{ sequence: 1, state: undefined, expiresAt: undefined }]);
        await claim(claimOf(tag));
        expect((await store.tagsOf([tag.patientId]))[0]?.pointers).toMatchObject([{ sequence: first + 1, state: 'listed', expiresAt: NOW }]);
      });

      it('no longer has one for withdrawn that is being written anew', async () => {
        const tag = aTag(1);
        await save(tag);
        await publish(tag, 'withdrawn', NOW);
        await claim(claimOf(tag));
        expect((await store.tagsOf([tag.patientId]))[0]?.pointers).toMatchObject([{ state: undefined }]);
      });
    });

    describe('what is due', () => {
      it('names patients with a pointer that expires before, the soonest first, each once', async () => {
        const [first, second, third] = [aTag(1), aTag(2), aTag(3)];
        const again = aTag(4, { patientId: first.patientId });
        await save(first, second, third, again);
        await publish(second, 'listed', inHours(1));
        await publish(first, 'listed', inHours(1.5));
        await publish(first, 'listed', NOW, filled(32, 5));
        await publish(again, 'listed', inHours(1));
        await publish(third, 'listed', inHours(5));
        expect(await due()).toEqual([first.patientId, second.patientId]);
        expect(await due({ limit: 1 })).toEqual([first.patientId]);
      });

      it('names no pointer that was withdrawn, nothing that was never published, and no ended epoch', async () => {
        const [tag, ended] = [aTag(1), aTag(3)];
        await save(tag, aTag(2), ended, aTag(4, { patientId: ended.patientId, epoch: 2 }));
        await publish(tag, 'withdrawn', NOW);
        await publish(ended, 'listed', NOW);
        expect(await due()).toEqual([ended.patientId]);
        expect(await due({ liveEpochs: [2] })).toEqual(expect.not.arrayContaining([ended.patientId]));
      });

      it('names what was being written when the node died, first of all', async () => {
        const [listed, broken] = [aTag(1), aTag(2)];
        await save(listed, broken);
        await publish(listed, 'listed', NOW);
        await claim(claimOf(broken));
        expect(await due()).toEqual([broken.patientId, listed.patientId]);
      });

      it('names patients without a tag of each live epoch, last of all, and no dummies for that', async () => {
        const [half, both, dummy] = [aTag(1), aTag(2), aTag(4, { recipe: 'dummy' })];
        await save(half, both, aTag(3, { patientId: both.patientId, epoch: 2 }), dummy);
        await publish(both, 'listed', NOW);
        await publish(dummy, 'listed', inHours(9));
        expect(await due({ liveEpochs: [1, 2] })).toEqual([both.patientId, half.patientId]);
      });

      it('tells dummies, also those that were never written', async () => {
        const [patient, dummy, unwritten] = [aTag(1), aTag(2, { recipe: 'dummy' }), aTag(3, { recipe: 'dummy' })];
        await save(patient, dummy, unwritten);
        await publish(patient, 'listed', NOW);
        await publish(dummy, 'listed', inHours(1));
        const found = await store.due({ expiresBefore: inHours(2), liveEpochs: [1], limit: 9 });
        expect(found).toEqual([
          { subjectId: unwritten.patientId, dummy: true },
          { subjectId: patient.patientId, dummy: false },
          { subjectId: dummy.patientId, dummy: true },
        ]);
      });
    });

    describe('counting', () => {
      it('counts what stands of an epoch, patients and dummies apart', async () => {
        const [one, two, gone, over, dummy] = [aTag(1), aTag(2), aTag(3), aTag(4), aTag(5, { recipe: 'dummy' })];
        await save(one, two, gone, over, dummy, aTag(6, { epoch: 2 }));
        await publish(one, 'listed', inHours(1));
        await publish(one, 'listed', inHours(1), filled(32, 7));
        await claim(claimOf(two));
        await publish(gone, 'withdrawn', inHours(1));
        await publish(over, 'listed', NOW);
        await publish(dummy, 'listed', inHours(1));
        expect(await store.countPointers(1, NOW)).toEqual({ patients: 3, dummies: 1 });
        expect(await store.countPointers(2, NOW)).toEqual({ patients: 0, dummies: 0 });
      });

      it('chooses among the dummies of an epoch', async () => {
        const dummies = [1, 2, 3].map((seed) => aTag(seed, { recipe: 'dummy' }));
        await save(...dummies, aTag(4), aTag(5, { recipe: 'dummy', epoch: 2 }));
        const [known] = dummies as [PatientTag];
        await publish(known, 'listed', NOW);
        const all = await store.randomDummies(1, 9);
        expect(all.map(({ patientId }) => patientId).sort()).toEqual(dummies.map(({ patientId }) => patientId).sort());
        expect(all.find(({ patientId }) => patientId === known.patientId)?.pointers).toMatchObject([{ state: 'listed' }]);
        expect(await store.randomDummies(1, 2)).toHaveLength(2);
        expect(await store.randomDummies(3, 2)).toEqual([]);
      });
    });

    describe('locations', () => {
      const location = { id: newId(), staffId: newId(), sealed: filled(500, 3), expiresAt: inHours(1) };
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
        const removeExpired = (now: Date): Promise<number> => transactions.run((transaction) => store.removeExpiredLocations(transaction, now));
        expect(await removeExpired(NOW)).toBe(0);
        expect(await removeExpired(location.expiresAt)).toBe(1);
        expect(await store.findLocation(location.id, location.staffId, NOW)).toBeUndefined();
      });
    });
  });
}

function aTag(seed: number, changes: Partial<PatientTag> & { readonly recipe?: TagRecipe } = {}): PatientTag {
  return {
    patientId: newId(),
    inputToken: filled(32, seed),
    epoch: 1,
    recipe: 'identifier/1',
    tagToken: filled(32, seed + 50),
    handleToken: filled(32, seed + 100),
    sealedTag: filled(61, seed + 150),
    ...changes,
  };
}

function keyOf({ patientId, inputToken, epoch }: PatientTag, recipientToken = EVERYBODY): PointerKey {
  return { patientId, inputToken, epoch, recipientToken };
}

function claimOf(tag: PatientTag, changes: Partial<PointerClaim> = {}): PointerClaim {
  return { ...keyOf(tag), sealedRecipient: EVERYBODY, slot: 2, atLeast: 0, ...changes };
}
