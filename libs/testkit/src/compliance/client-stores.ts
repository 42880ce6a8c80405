import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { IntegrationClientStore, StoredIntegrationClient, UsedAssertionStore } from '@carecord/storage';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

/** What a node keeps about programs that sign in. */
export interface ClientStores {
  readonly clients: IntegrationClientStore;
  readonly assertions: UsedAssertionStore;
  readonly transactions: TransactionRunner;
  /** Adds an account and returns its id. */
  addAccount(username: string): Promise<string>;
}

/**
 * What every {@link IntegrationClientStore} and {@link UsedAssertionStore} does.
 * @param makeStores empty stores and the runner of their transactions, fresh for every test
 */
export function describeClientStores(name: string, makeStores: () => Promise<ClientStores>): void {
  let stores: ClientStores;
  beforeEach(async () => {
    stores = await makeStores();
  });

  describe(`IntegrationClientStore: ${name}`, () => {
    const insert = (client: StoredIntegrationClient): Promise<void> => stores.transactions.run((transaction) => stores.clients.insert(transaction, client));
    const aClient = async (clientId: string, minute = 0): Promise<StoredIntegrationClient> => ({
      clientId,
      staffId: await stores.addAccount(`account-${clientId}`),
      name: `Program ${clientId}`,
      keySet: { keys: [{ kty: 'EC', kid: 'one', x: 'x', y: 'y' }] },
      createdAt: new Date(NOW.getTime() + minute * MINUTE),
    });

    it('finds a client by its id, and no other', async () => {
      const client = await aClient('ehr');
      await insert(client);
      expect(await stores.clients.find('ehr')).toEqual(client);
      expect(await stores.clients.find('EHR')).toBeUndefined();
    });

    it('lists the oldest first', async () => {
      await insert(await aClient('new', 2));
      await insert(await aClient('old', 1));
      expect((await stores.clients.list()).map(({ clientId }) => clientId)).toEqual(['old', 'new']);
    });

    it('replaces all keys of one client alone', async () => {
      await insert(await aClient('ehr'));
      await insert(await aClient('laboratory'));
      const keySet = { keys: [{ kty: 'RSA', kid: 'two' }] };
      expect(await stores.transactions.run((transaction) => stores.clients.replaceKeys(transaction, 'ehr', keySet))).toBe(true);
      expect(await stores.transactions.run((transaction) => stores.clients.replaceKeys(transaction, 'nobody', keySet))).toBe(false);
      expect(await stores.clients.find('ehr')).toMatchObject({ keySet });
      expect(await stores.clients.find('laboratory')).not.toMatchObject({ keySet });
    });

    it('keeps one client a client id and an account, and none without an account', async () => {
      const client = await aClient('ehr');
      await insert(client);
      await expect(insert({ ...client, staffId: await stores.addAccount('other') })).rejects.toThrow();
      await expect(insert({ ...client, clientId: 'other' })).rejects.toThrow();
      await expect(insert({ ...client, clientId: 'another', staffId: newId() })).rejects.toThrow();
      expect(await stores.clients.list()).toEqual([client]);
    });

    it('keeps nothing of a transaction that failed', async () => {
      const client = await aClient('ehr');
      const failing = stores.transactions.run(async (transaction) => {
        await stores.clients.insert(transaction, client);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await stores.clients.find('ehr')).toBeUndefined();
    });
  });

  describe(`UsedAssertionStore: ${name}`, () => {
    const id = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

    it('takes each statement once', async () => {
      expect(await stores.assertions.take(id(1), NOW)).toBe(true);
      expect(await stores.assertions.take(id(1), NOW)).toBe(false);
      expect(await stores.assertions.take(id(2), NOW)).toBe(true);
    });

    it('takes one of several that come at once', async () => {
      const taken = await Promise.all(Array.from({ length: 5 }, () => stores.assertions.take(id(1), NOW)));
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    it('forgets what has expired, and nothing else', async () => {
      await stores.assertions.take(id(1), NOW);
      await stores.assertions.take(id(2), new Date(NOW.getTime() + 1));
      expect(await stores.assertions.removeExpired(NOW)).toBe(0);
      expect(await stores.assertions.removeExpired(new Date(NOW.getTime() + 1))).toBe(1);
      expect(await stores.assertions.take(id(2), NOW)).toBe(false);
      expect(await stores.assertions.take(id(1), NOW)).toBe(true);
    });
  });
}
