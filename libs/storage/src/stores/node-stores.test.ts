import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import type { StaffAccount } from '../ports.ts';
import { openStorage, type Storage } from '../storage.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;

describe('what the node keeps', () => {
  let database: TestDatabase;
  let storage: Storage;
  beforeAll(async () => {
    database = await createTestDatabase();
    storage = await openStorage({ databaseUrl: database.url, clock: new ManualClock(NOW), logger: silentLogger });
  });
  beforeEach(() => database.empty());
  afterAll(async () => {
    await storage.close();
    await database.drop();
  });

  describe('staff', () => {
    it('finds an account by user name and by id, and nobody else', async () => {
      const account = anAccount('alice');
      expect(await storage.staff.save(account)).toEqual(account);
      expect(await storage.staff.findByUsername('alice')).toEqual(account);
      expect(await storage.staff.findById(account.id)).toEqual(account);
      expect(await storage.staff.findByUsername('Alice')).toBeUndefined();
      expect(await storage.staff.findById(newId())).toBeUndefined();
      expect(await storage.staff.findById('not-a-uuid')).toBeUndefined();
    });

    it('replaces password, role and state of a user name, which keeps its id', async () => {
      const account = await storage.staff.save(anAccount('alice'));
      const changed = { ...anAccount('alice'), passwordHash: 'other', role: 'records', disabled: true };
      expect(await storage.staff.save(changed)).toEqual({ ...changed, id: account.id });
      expect(await storage.staff.findById(account.id)).toEqual({ ...changed, id: account.id });
      expect(await storage.staff.findById(changed.id)).toBeUndefined();
    });
  });

  describe('sessions', () => {
    const tokenHash = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
    const begin = async (seed: number, createdAt = NOW, lastUsedAt = createdAt): Promise<string> => {
      const { id } = await storage.staff.save(anAccount(`staff-${seed}`));
      await storage.sessions.insert({ tokenHash: tokenHash(seed), staffId: id, createdAt, lastUsedAt });
      return id;
    };

    it('finds a session by the hash of its token until it is removed', async () => {
      const staffId = await begin(1);
      expect(await storage.sessions.find(tokenHash(1))).toEqual({ tokenHash: tokenHash(1), staffId, createdAt: NOW, lastUsedAt: NOW });
      expect(await storage.sessions.find(tokenHash(2))).toBeUndefined();
      await storage.sessions.remove(tokenHash(1));
      expect(await storage.sessions.find(tokenHash(1))).toBeUndefined();
    });

    it('notes when a session was used, and does not bring back a removed one', async () => {
      await begin(1);
      const later = new Date(NOW.getTime() + HOUR);
      await storage.sessions.touch(tokenHash(1), later);
      expect(await storage.sessions.find(tokenHash(1))).toMatchObject({ createdAt: NOW, lastUsedAt: later });
      await storage.sessions.remove(tokenHash(1));
      await storage.sessions.touch(tokenHash(1), later);
      expect(await storage.sessions.find(tokenHash(1))).toBeUndefined();
    });

    it('removes what is too old or was not used for too long', async () => {
      const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR);
      await begin(1, ago(13), ago(0));
      await begin(2, ago(2), ago(1));
      await begin(3, ago(2), ago(0));
      const limits = { createdBefore: ago(12), lastUsedBefore: new Date(ago(1).getTime() + 1) };
      expect(await storage.sessions.removeExpired(limits)).toBe(2);
      expect(await storage.sessions.find(tokenHash(3))).toBeDefined();
    });

    it("ends one staff member's sessions alone", async () => {
      const staffId = await begin(1);
      await storage.sessions.insert({ tokenHash: tokenHash(9), staffId, createdAt: NOW, lastUsedAt: NOW });
      await begin(2);
      expect(await storage.sessions.removeOfStaff(staffId)).toBe(2);
      expect(await storage.sessions.find(tokenHash(9))).toBeUndefined();
      expect(await storage.sessions.find(tokenHash(2))).toBeDefined();
    });

    it('keeps no session of an account that is not there', async () => {
      const session = { tokenHash: tokenHash(1), staffId: newId(), createdAt: NOW, lastUsedAt: NOW };
      await expect(storage.sessions.insert(session)).rejects.toThrow();
      expect(await storage.sessions.find(tokenHash(1))).toBeUndefined();
    });
  });

  it('keeps settings by name, the newest value of each', async () => {
    expect(await storage.settings.read('did-log')).toBeUndefined();
    await storage.settings.write('did-log', 'one\n');
    await storage.settings.write('membership', '{}');
    await storage.settings.write('did-log', 'one\ntwo\n');
    expect(await storage.settings.read('did-log')).toBe('one\ntwo\n');
    expect(await storage.settings.read('membership')).toBe('{}');
  });

  describe('admission tickets', () => {
    const ticket = { tokenHash: new Uint8Array(32).fill(7), expiresAt: new Date(NOW.getTime() + HOUR) };
    const use = (did: string, now = NOW): Promise<'used' | 'invalid'> =>
      storage.transactions.run((transaction) => storage.tickets.use(transaction, ticket.tokenHash, did, now));
    beforeEach(() => storage.tickets.add([ticket], NOW));

    it('are used by one hospital, which may ask again', async () => {
      expect(await use('did:a')).toBe('used');
      expect(await use('did:a')).toBe('used');
      expect(await use('did:b')).toBe('invalid');
    });

    it('are over when they have expired, and unknown ones are invalid', async () => {
      expect(await use('did:a', ticket.expiresAt)).toBe('invalid');
      await database.empty();
      expect(await use('did:a')).toBe('invalid');
    });

    it('stay used when they are added again', async () => {
      await use('did:a');
      await storage.tickets.add([{ ...ticket, expiresAt: new Date(NOW.getTime() + 9 * HOUR) }], NOW);
      expect(await use('did:b')).toBe('invalid');
      expect(await use('did:a', ticket.expiresAt)).toBe('invalid');
    });

    it('admit one of two that come at once', async () => {
      expect((await Promise.all([use('did:a'), use('did:b')])).sort()).toEqual(['invalid', 'used']);
    });

    it('are open again when the transaction fails', async () => {
      const failing = storage.transactions.run(async (transaction) => {
        await storage.tickets.use(transaction, ticket.tokenHash, 'did:a', NOW);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await use('did:b')).toBe('used');
    });
  });
});

function anAccount(username: string): StaffAccount {
  return { id: newId(), username, passwordHash: '$argon2id$…', role: 'clinician', disabled: false };
}
