import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TransactionRunner } from '@carecord/core';
import type { SettingStore, TicketStore } from '@carecord/storage';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;

/** What a node keeps that belongs to no lib. */
export interface NodeStores {
  readonly settings: SettingStore;
  readonly tickets: TicketStore;
  readonly transactions: TransactionRunner;
}

/**
 * What every {@link SettingStore} and {@link TicketStore} does.
 * @param makeStores empty stores and the runner of their transactions, fresh for every test
 */
export function describeNodeStores(name: string, makeStores: () => Promise<NodeStores>): void {
  let stores: NodeStores;
  beforeEach(async () => {
    stores = await makeStores();
  });

  describe(`SettingStore: ${name}`, () => {
    it('keeps settings by name, the newest value of each', async () => {
      expect(await stores.settings.read('did-log')).toBeUndefined();
      await stores.settings.write('did-log', 'one\n');
      await stores.settings.write('membership', '{}');
      await stores.settings.write('did-log', 'one\ntwo\n');
      expect(await stores.settings.read('did-log')).toBe('one\ntwo\n');
      expect(await stores.settings.read('membership')).toBe('{}');
    });

    it('removes a setting', async () => {
      await stores.settings.write('membership', '{}');
      await stores.settings.write('membership', undefined);
      await stores.settings.write('membership', undefined);
      expect(await stores.settings.read('membership')).toBeUndefined();
    });

    it('writes with a transaction, or not at all', async () => {
      await stores.settings.write('membership', 'one');
      const failing = stores.transactions.run(async (transaction) => {
        await stores.settings.write('membership', 'two', transaction);
        expect(await stores.settings.read('membership', transaction)).toBe('two');
        expect(await stores.settings.read('membership')).toBe('one');
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await stores.settings.read('membership')).toBe('one');
      await stores.transactions.run((transaction) => stores.settings.write('membership', 'three', transaction));
      expect(await stores.settings.read('membership')).toBe('three');
    });
  });

  describe(`TicketStore: ${name}`, () => {
    const ticket = { tokenHash: tokenHash(7), expiresAt: new Date(NOW.getTime() + HOUR) };
    const use = (did: string, now = NOW, hash = ticket.tokenHash): Promise<'used' | 'invalid'> =>
      stores.transactions.run((transaction) => stores.tickets.use(transaction, hash, { did, name: 'Hospital A' }, now));
    beforeEach(() => stores.tickets.add([ticket], NOW));

    it('lets one hospital use a ticket, which may ask again', async () => {
      expect(await use('did:a')).toBe('used');
      expect(await use('did:a')).toBe('used');
      expect(await use('did:b')).toBe('invalid');
    });

    it('refuses a ticket that has expired, and an unknown one', async () => {
      expect(await use('did:a', ticket.expiresAt)).toBe('invalid');
      expect(await use('did:a', NOW, tokenHash(8))).toBe('invalid');
    });

    it('lets nobody use a ticket that is for an organisation of another name', async () => {
      const named = (hash: Uint8Array, name: string) => ({ tokenHash: hash, expiresAt: ticket.expiresAt, name });
      await stores.tickets.add([named(tokenHash(9), 'Hospital B'), named(tokenHash(10), 'Hospital A')], NOW);
      expect(await use('did:a', NOW, tokenHash(9))).toBe('invalid');
      expect(await use('did:a', NOW, tokenHash(10))).toBe('used');
    });

    it('leaves a ticket as it is when it is added again', async () => {
      await use('did:a');
      await stores.tickets.add([{ ...ticket, expiresAt: new Date(NOW.getTime() + 9 * HOUR) }], NOW);
      expect(await use('did:b')).toBe('invalid');
      expect(await use('did:a', ticket.expiresAt)).toBe('invalid');
    });

    it('admits one of two that come at once', async () => {
      expect((await Promise.all([use('did:a'), use('did:b')])).sort()).toEqual(['invalid', 'used']);
    });

    it('has a ticket open again when the transaction fails', async () => {
      const failing = stores.transactions.run(async (transaction) => {
        await stores.tickets.use(transaction, ticket.tokenHash, { did: 'did:a', name: 'Hospital A' }, NOW);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await use('did:b')).toBe('used');
    });
  });
}

function tokenHash(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}
