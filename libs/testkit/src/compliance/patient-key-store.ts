import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, StoredPatientKey, WrappedPatientKey } from '@carecord/records';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.123Z');

/**
 * What every {@link PatientKeyStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describePatientKeyStore(
  name: string,
  makeStore: () => Promise<{ store: PatientKeyStore; transactions: TransactionRunner }>,
): void {
  describe(`PatientKeyStore: ${name}`, () => {
    let store: PatientKeyStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const create = (epoch: ErasureEpoch): Promise<ErasureEpoch> => transactions.run((transaction) => store.createEpoch(transaction, epoch));
    const insert = (...keys: WrappedPatientKey[]): Promise<void> =>
      transactions.run((transaction) => store.insertPatientKeys(transaction, keys));
    const current = (): Promise<ErasureEpoch | undefined> => transactions.run((transaction) => store.currentEpoch(transaction));

    it('has no epoch at first', async () => {
      expect(await current()).toBeUndefined();
    });

    it('creates an epoch once: the second candidate is told the first', async () => {
      const first = anEpoch(1, 10);
      expect(await create(first)).toEqual(first);
      expect(await create(anEpoch(1, 20))).toEqual(first);
      expect(await current()).toEqual(first);
    });

    it('gives rivals who create it at once the same epoch', async () => {
      const answers = await Promise.all([10, 20, 30, 40].map((seed) => create(anEpoch(1, seed))));
      const stored = await current();
      expect(answers).toEqual([stored, stored, stored, stored]);
    });

    it('has the epoch of the highest number as the current one', async () => {
      await create(anEpoch(2, 20));
      await create(anEpoch(10, 30));
      await create(anEpoch(1, 10));
      expect(await current()).toEqual(anEpoch(10, 30));
    });

    it('gives back keys with the epoch of each, and leaves out patients without one', async () => {
      const [first, second] = [anEpoch(1, 10), anEpoch(2, 20)];
      await create(first);
      await create(second);
      const [old, recent] = [aKey(1, 1), aKey(2, 2)];
      await insert(old, recent);
      const found = await store.findPatientKeys([recent.patientId, newId(), old.patientId]);
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([{ ...old, epoch: first }, { ...recent, epoch: second }]));
      expect(await store.findPatientKeys([])).toEqual([]);
    });

    it('shows a key to its own transaction before anybody else sees it', async () => {
      const epoch = await create(anEpoch(1, 10));
      const key = aKey(1, 1);
      await transactions.run(async (transaction) => {
        await store.insertPatientKeys(transaction, [key]);
        expect(await store.findPatientKeys([key.patientId], transaction)).toEqual([{ ...key, epoch }]);
        expect(await store.findPatientKeys([key.patientId])).toEqual([]);
      });
      expect(await store.findPatientKeys([key.patientId])).toEqual([{ ...key, epoch }]);
    });

    it('refuses a second key of a patient, and keeps the first', async () => {
      const epoch = await create(anEpoch(1, 10));
      const key = aKey(1, 1);
      await insert(key);
      await expect(insert(aKey(2, 1), { ...key, wrappedKey: filled(61, 99) })).rejects.toThrow();
      expect(await store.findPatientKeys([key.patientId])).toEqual([{ ...key, epoch }]);
    });

    it('lists the epochs, oldest first, and shows a transaction its own before anybody else sees it', async () => {
      await create(anEpoch(2, 20));
      await create(anEpoch(1, 10));
      expect(await store.epochs()).toEqual([anEpoch(1, 10), anEpoch(2, 20)]);
      await transactions.run(async (transaction) => {
        await store.createEpoch(transaction, anEpoch(3, 30));
        expect(await store.epochs(transaction)).toHaveLength(3);
        expect(await store.epochs()).toHaveLength(2);
      });
    });

    it('re-wraps an epoch: root key and wrapped key alone', async () => {
      await create(anEpoch(1, 10));
      await create(anEpoch(2, 20));
      await transactions.run(async (transaction) => {
        await store.lockEpochs(transaction);
        await store.updateEpoch(transaction, { ...anEpoch(1, 30), createdAt: new Date(0) });
        await store.updateEpoch(transaction, anEpoch(9, 30));
      });
      expect(await store.epochs()).toEqual([anEpoch(1, 30), anEpoch(2, 20)]);
    });

    it('lets those who lock the epochs make one after the other', async () => {
      const makeNext = (): Promise<ErasureEpoch> =>
        transactions.run(async (transaction) => {
          await store.lockEpochs(transaction);
          return await store.createEpoch(transaction, anEpoch(((await store.currentEpoch(transaction))?.number ?? 0) + 1, 10));
        });
      const made = await Promise.all([makeNext(), makeNext(), makeNext()]);
      expect(made.map(({ number }) => number).sort()).toEqual([1, 2, 3]);
    });

    it('deletes the lower epochs under which no key lies, and says how many are left', async () => {
      for (const number of [1, 2, 3, 4]) await create(anEpoch(number, number));
      await insert(aKey(1, 2), aKey(1, 4));
      const deleteBelow = (number: number): Promise<number> => transactions.run((transaction) => store.deleteUnusedEpochs(transaction, number));
      expect(await deleteBelow(3)).toBe(1);
      expect((await store.epochs()).map(({ number }) => number)).toEqual([2, 3, 4]);
      expect(await deleteBelow(4)).toBe(1);
      expect((await store.epochs()).map(({ number }) => number)).toEqual([2, 4]);
    });

    it('does not delete an epoch under which a transaction is about to add a key', async () => {
      await create(anEpoch(1, 10));
      const key = aKey(1, 1);
      const begun = Promise.withResolvers<undefined>();
      const adding = transactions.run(async (transaction) => {
        expect(await store.currentEpoch(transaction)).toEqual(anEpoch(1, 10));
        begun.resolve(undefined);
        // Time for the other one to come and wait.
        await new Promise((resolve) => setImmediate(resolve));
        await store.insertPatientKeys(transaction, [key]);
      });
      await begun.promise;
      await create(anEpoch(2, 20));
      const deleting = transactions.run((transaction) => store.deleteUnusedEpochs(transaction, 2));
      await adding;
      expect(await deleting).toBe(1);
      expect(await store.findPatientKeys([key.patientId])).toEqual([{ ...key, epoch: anEpoch(1, 10) }]);
    });

    it('finds the next keys under old epochs, in the order of patients', async () => {
      const [first, second] = [await create(anEpoch(1, 10)), await create(anEpoch(2, 20))];
      const old = [aKey(1, 1), aKey(2, 1), aKey(3, 1)].sort(byPatient);
      await insert(...old, aKey(4, 2));
      const next = (after: string | undefined, limit: number): Promise<StoredPatientKey[]> =>
        transactions.run((transaction) => store.lockKeysOfOldEpochs(transaction, second.number, { after, limit }));
      const found = old.map((key) => ({ ...key, epoch: first }));
      expect(await next(undefined, 2)).toEqual(found.slice(0, 2));
      expect(await next(found[1]?.patientId, 2)).toEqual(found.slice(2));
      expect(await next(found[2]?.patientId, 2)).toEqual([]);
    });

    it('replaces the keys of patients who have one, and nobody else’s', async () => {
      const [first, second] = [await create(anEpoch(1, 10)), await create(anEpoch(2, 20))];
      const [changed, other, unknown] = [aKey(1, 1), aKey(2, 1), aKey(3, 1)];
      await insert(changed, other);
      const replacement = { ...changed, number: 7, epochNumber: 2, wrappedKey: filled(61, 99), createdAt: new Date('2026-03-02T00:00:00.000Z') };
      await transactions.run(async (transaction) => {
        expect(await store.lockPatientKeys(transaction, [changed.patientId, unknown.patientId])).toEqual([{ ...changed, epoch: first }]);
        await store.replacePatientKeys(transaction, [replacement, unknown]);
        await store.replacePatientKeys(transaction, []);
        expect(await store.findPatientKeys([changed.patientId])).toEqual([{ ...changed, epoch: first }]);
      });
      const found = await store.findPatientKeys([changed.patientId, other.patientId, unknown.patientId]);
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([{ ...replacement, epoch: second }, { ...other, epoch: first }]));
    });

    it('lets one who waits for a locked key see it as it is then, epoch and all', async () => {
      await create(anEpoch(1, 10));
      const key = aKey(1, 1);
      await insert(key);
      const locked = Promise.withResolvers<undefined>();
      const moving = transactions.run(async (transaction) => {
        await store.lockPatientKeys(transaction, [key.patientId]);
        locked.resolve(undefined);
        await store.createEpoch(transaction, anEpoch(2, 20));
        await store.replacePatientKeys(transaction, [{ ...key, epochNumber: 2 }]);
      });
      await locked.promise;
      const seen = transactions.run((transaction) => store.lockPatientKeys(transaction, [key.patientId]));
      await moving;
      expect(await seen).toEqual([{ ...key, epochNumber: 2, epoch: anEpoch(2, 20) }]);
    });

    it('lists and counts the patients who have a key', async () => {
      await create(anEpoch(1, 10));
      await create(anEpoch(2, 20));
      const keys = [aKey(1, 1), aKey(2, 2), aKey(3, 1)].sort(byPatient);
      const ids = keys.map(({ patientId }) => patientId);
      await insert(...keys);
      expect(await store.patientsWithKeys({ after: undefined, limit: 2 })).toEqual(ids.slice(0, 2));
      expect(await store.patientsWithKeys({ after: ids[1], limit: 2 })).toEqual(ids.slice(2));
      expect(await store.patientsWithKeys({ after: ids[2], limit: 2 })).toEqual([]);
      await transactions.run(async (transaction) => {
        expect(await store.countPatientKeys(transaction)).toBe(3);
        expect(await store.countPatientKeys(transaction, { epochBelow: 2 })).toBe(2);
      });
    });

    it('keeps nothing of a transaction that fails', async () => {
      await create(anEpoch(1, 10));
      const key = aKey(1, 1);
      const failing = transactions.run(async (transaction) => {
        await store.createEpoch(transaction, anEpoch(2, 20));
        await store.insertPatientKeys(transaction, [key]);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await store.findPatientKeys([key.patientId])).toEqual([]);
      expect(await current()).toEqual(anEpoch(1, 10));
    });
  });
}

function anEpoch(number: number, seed: number): ErasureEpoch {
  return { number, rootKeyId: `root-${seed}`, wrappedKey: filled(61, seed), createdAt: NOW };
}

function aKey(seed: number, epochNumber: number): WrappedPatientKey {
  return { patientId: newId(), number: seed, epochNumber, wrappedKey: filled(61, seed), createdAt: NOW };
}

function byPatient(left: WrappedPatientKey, right: WrappedPatientKey): number {
  return left.patientId < right.patientId ? -1 : 1;
}
