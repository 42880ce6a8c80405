import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { KeyRing } from '@carecord/keys';
import { ManualClock, MemoryKeyHolder } from '@carecord/testkit';
import { describeNodeKeyStore } from '../../../testkit/src/compliance/node-key-store.ts';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage, type Storage } from '../storage.ts';

let database: TestDatabase;
let storage: Storage;
const clock = new ManualClock();

beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({ databaseUrl: database.url, clock, logger: silentLogger });
});
afterAll(async () => {
  await storage.close();
  await database.drop();
});

describeNodeKeyStore('PostgreSQL', async () => {
  await database.empty();
  return { store: storage.nodeKeys, transactions: storage.transactions };
});

describe('key rings of several replicas over PostgreSQL', () => {
  it('agree on one key of a purpose, and each follows what another one changes', async () => {
    await database.empty();
    const holder = new MemoryKeyHolder();
    const open = (): Promise<KeyRing> => KeyRing.open({ holder, store: storage.nodeKeys, transactions: storage.transactions, clock });
    const [one, other, third] = await Promise.all([open(), open(), open()]);
    const keys = await Promise.all([one, other, third].map((ring) => ring.ensure('staff-sealing', randomKey)));
    expect(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    const made = await one.change((transaction) => one.create(transaction, 'staff-sealing', randomKey(), 'active'));
    expect([await other.reload(), other.active('staff-sealing').id, other.active('staff-sealing').secret]).toEqual([true, 'staff-sealing-2', made.secret]);
  });
});
