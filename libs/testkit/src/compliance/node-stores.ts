import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { SessionStore, SettingStore, StaffAccount, StaffStore, TicketStore } from '@carecord/storage';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;

/** What a node keeps that belongs to no lib. */
export interface NodeStores {
  readonly staff: StaffStore;
  readonly sessions: SessionStore;
  readonly settings: SettingStore;
  readonly tickets: TicketStore;
  readonly transactions: TransactionRunner;
}

/**
 * What every {@link StaffStore}, {@link SessionStore}, {@link SettingStore} and {@link TicketStore} does.
 * @param makeStores empty stores and the runner of their transactions, fresh for every test
 */
export function describeNodeStores(name: string, makeStores: () => Promise<NodeStores>): void {
  let stores: NodeStores;
  beforeEach(async () => {
    stores = await makeStores();
  });

  describe(`StaffStore: ${name}`, () => {
    it('finds an account by user name and by id, and nobody else', async () => {
      const account = anAccount('alice');
      expect(await stores.staff.save(account)).toEqual(account);
      expect(await stores.staff.findByUsername('alice')).toEqual(account);
      expect(await stores.staff.findById(account.id)).toEqual(account);
      expect(await stores.staff.findByUsername('Alice')).toBeUndefined();
      expect(await stores.staff.findById(newId())).toBeUndefined();
      expect(await stores.staff.findById('not-a-uuid')).toBeUndefined();
    });

    it('replaces password, role and state of a user name, which keeps its id', async () => {
      const account = await stores.staff.save(anAccount('alice'));
      const changed = { ...anAccount('alice'), passwordHash: 'other', role: 'records', disabled: true };
      expect(await stores.staff.save(changed)).toEqual({ ...changed, id: account.id });
      expect(await stores.staff.findById(account.id)).toEqual({ ...changed, id: account.id });
      expect(await stores.staff.findById(changed.id)).toBeUndefined();
    });
  });

  describe(`SessionStore: ${name}`, () => {
    const begin = async (seed: number, createdAt = NOW, lastUsedAt = createdAt): Promise<string> => {
      const { id } = await stores.staff.save(anAccount(`staff-${seed}`));
      await stores.sessions.insert({ tokenHash: tokenHash(seed), staffId: id, createdAt, lastUsedAt });
      return id;
    };

    it('finds a session by the hash of its token until it is removed', async () => {
      const staffId = await begin(1);
      expect(await stores.sessions.find(tokenHash(1))).toEqual({ tokenHash: tokenHash(1), staffId, createdAt: NOW, lastUsedAt: NOW });
      expect(await stores.sessions.find(tokenHash(2))).toBeUndefined();
      await stores.sessions.remove(tokenHash(1));
      expect(await stores.sessions.find(tokenHash(1))).toBeUndefined();
    });

    it('notes when a session was used, and does not bring back a removed one', async () => {
      await begin(1);
      const later = new Date(NOW.getTime() + HOUR);
      await stores.sessions.touch(tokenHash(1), later);
      expect(await stores.sessions.find(tokenHash(1))).toMatchObject({ createdAt: NOW, lastUsedAt: later });
      await stores.sessions.remove(tokenHash(1));
      await stores.sessions.touch(tokenHash(1), later);
      expect(await stores.sessions.find(tokenHash(1))).toBeUndefined();
    });

    it('removes what is too old or was not used for too long', async () => {
      const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR);
      await begin(1, ago(13), ago(0));
      await begin(2, ago(2), ago(1));
      await begin(3, ago(2), ago(0));
      const limits = { createdBefore: ago(12), lastUsedBefore: new Date(ago(1).getTime() + 1) };
      expect(await stores.sessions.removeExpired(limits)).toBe(2);
      expect(await stores.sessions.find(tokenHash(3))).toBeDefined();
    });

    it('keeps what was created and used at the limits', async () => {
      await begin(1);
      expect(await stores.sessions.removeExpired({ createdBefore: NOW, lastUsedBefore: NOW })).toBe(0);
    });

    it("ends one staff member's sessions alone", async () => {
      const staffId = await begin(1);
      await stores.sessions.insert({ tokenHash: tokenHash(9), staffId, createdAt: NOW, lastUsedAt: NOW });
      await begin(2);
      expect(await stores.sessions.removeOfStaff(staffId)).toBe(2);
      expect(await stores.sessions.removeOfStaff('not-a-uuid')).toBe(0);
      expect(await stores.sessions.find(tokenHash(9))).toBeUndefined();
      expect(await stores.sessions.find(tokenHash(2))).toBeDefined();
    });

    it('keeps no session of an account that is not there', async () => {
      const session = { tokenHash: tokenHash(1), staffId: newId(), createdAt: NOW, lastUsedAt: NOW };
      await expect(stores.sessions.insert(session)).rejects.toThrow();
      expect(await stores.sessions.find(tokenHash(1))).toBeUndefined();
    });
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
  });

  describe(`TicketStore: ${name}`, () => {
    const ticket = { tokenHash: tokenHash(7), expiresAt: new Date(NOW.getTime() + HOUR) };
    const use = (did: string, now = NOW, hash = ticket.tokenHash): Promise<'used' | 'invalid'> =>
      stores.transactions.run((transaction) => stores.tickets.use(transaction, hash, did, now));
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
        await stores.tickets.use(transaction, ticket.tokenHash, 'did:a', NOW);
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

function anAccount(username: string): StaffAccount {
  return { id: newId(), username, passwordHash: '$argon2id$…', role: 'clinician', disabled: false };
}
