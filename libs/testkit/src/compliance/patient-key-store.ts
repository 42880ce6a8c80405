import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, WrappedPatientKey } from '@carecord/records';

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
  return { number, wrappedKey: filled(61, seed), createdAt: NOW };
}

function aKey(seed: number, epochNumber: number): WrappedPatientKey {
  return { patientId: newId(), epochNumber, wrappedKey: filled(61, seed), createdAt: NOW };
}

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
