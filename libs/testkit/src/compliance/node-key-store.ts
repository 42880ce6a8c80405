import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TransactionRunner } from '@carecord/core';
import type { KeyPurpose, NodeKeyStore, StoredNodeKey } from '@carecord/keys';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.123Z');
const LATER = new Date('2026-03-02T12:00:00.456Z');

/**
 * What every {@link NodeKeyStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeNodeKeyStore(name: string, makeStore: () => Promise<{ store: NodeKeyStore; transactions: TransactionRunner }>): void {
  describe(`NodeKeyStore: ${name}`, () => {
    let store: NodeKeyStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const insert = (...keys: StoredNodeKey[]): Promise<void> => transactions.run((transaction) => store.insert(transaction, keys));
    const update = (...keys: StoredNodeKey[]): Promise<void> => transactions.run((transaction) => store.update(transaction, keys));

    it('is empty at first', async () => {
      expect(await store.list()).toEqual([]);
      expect(await transactions.run((transaction) => store.list(transaction))).toEqual([]);
      await insert();
      await update();
    });

    it('gives back every key, by purpose and by number as numbers', async () => {
      const [second, tenth, first, other] = [aKey('did-signing', 2), aKey('did-signing', 10), aKey('did-signing', 1), aKey('did-recipient', 1)];
      await insert(second, tenth);
      await insert(first, other);
      expect(await store.list()).toEqual([other, first, second, tenth]);
    });

    it('writes states, times and wrapped keys, also that there is none any more', async () => {
      const [one, other] = [aKey('did-signing', 1), aKey('did-signing', 2)];
      await insert(one, other);
      const changed: StoredNodeKey = { ...one, state: 'retired', wrapped: { rootKeyId: 'root-2', ciphertext: filled(60, 9) }, activatedAt: NOW, retiredAt: LATER };
      const gone: StoredNodeKey = { ...other, state: 'destroyed', wrapped: undefined, destroyedAt: LATER };
      await update(changed, gone);
      expect(await store.list()).toEqual([changed, gone]);
    });

    it('keeps what a key is, whatever an update says', async () => {
      const key = aKey('did-signing', 1);
      await insert(key);
      await update({ ...key, purpose: 'staff-sealing', number: 7, createdAt: LATER, state: 'retired' });
      expect(await store.list()).toEqual([{ ...key, state: 'retired' }]);
    });

    it('refuses a second key of an id, and to update one that is not there', async () => {
      const key = aKey('did-signing', 1);
      await insert(key);
      await expect(insert(aKey('did-signing', 2), { ...key, state: 'retired' })).rejects.toThrow();
      await expect(update({ ...key, state: 'retired' }, aKey('did-signing', 3))).rejects.toThrow();
      expect(await store.list()).toEqual([key]);
    });

    it('shows a change to its own transaction before anybody else sees it, and to nobody when it fails', async () => {
      const key = aKey('did-signing', 1);
      const failing = transactions.run(async (transaction) => {
        await store.insert(transaction, [key]);
        expect(await store.list(transaction)).toEqual([key]);
        expect(await store.list()).toEqual([]);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await store.list()).toEqual([]);
    });

    it('lets one change after the other look and add, also while there is nothing to lock', async () => {
      const add = (): Promise<void> =>
        transactions.run(async (transaction) => {
          const { length } = await store.list(transaction);
          await store.insert(transaction, [aKey('did-signing', length + 1)]);
        });
      await Promise.all(Array.from({ length: 8 }, add));
      expect((await store.list()).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('shares no memory with who reads and writes', async () => {
      const key = aKey('did-signing', 1);
      await insert(key);
      key.wrapped?.ciphertext.fill(0);
      (await store.list())[0]?.wrapped?.ciphertext.fill(1);
      expect(await store.list()).toEqual([aKey('did-signing', 1)]);
    });
  });
}

function aKey(purpose: KeyPurpose, number: number): StoredNodeKey {
  return {
    id: `${purpose}-${number}`,
    purpose,
    number,
    state: 'pending',
    wrapped: { rootKeyId: 'root-1', ciphertext: filled(60, number) },
    createdAt: NOW,
    activatedAt: undefined,
    retiredAt: undefined,
    destroyedAt: undefined,
  };
}
