import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, silentLogger } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage, type Storage } from '../storage.ts';
import { StorageError } from '../storage-error.ts';

describe('transactions', () => {
  let database: TestDatabase;
  let storage: Storage;
  beforeAll(async () => {
    database = await createTestDatabase();
    storage = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
  });
  beforeEach(() => database.empty());
  afterAll(async () => {
    await storage.close();
    await database.drop();
  });

  const claim = (transaction: Transaction, seed: number, store = storage): Promise<unknown> =>
    store.records.claimPatients(transaction, [
      { logicalToken: new Uint8Array(32).fill(seed), create: { id: newId(), listing: 'listed', createdAt: new Date(0) } },
    ]);

  it('gives back what the work returned', async () => {
    expect(await storage.transactions.run(() => Promise.resolve(7))).toBe(7);
  });

  it("fails with the work's own error, as it is", async () => {
    const failure = new RangeError('mine');
    await expect(storage.transactions.run(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('refuses a transaction inside a transaction, and allows one after it', async () => {
    const nested = storage.transactions.run(() => storage.transactions.run(() => Promise.resolve(1)));
    await expect(nested).rejects.toMatchObject({ code: 'TRANSACTION_FOREIGN' });
    expect(await storage.transactions.run(() => Promise.resolve(1))).toBe(1);
  });

  it('refuses a transaction that is over, of another storage, or of nobody', async () => {
    const other = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
    let over: Transaction | undefined;
    await storage.transactions.run(async (transaction) => {
      over = transaction;
      await expect(claim(transaction, 1, other)).rejects.toMatchObject({ code: 'TRANSACTION_FOREIGN' });
    });
    await expect(claim(over as Transaction, 1)).rejects.toMatchObject({ code: 'TRANSACTION_FOREIGN' });
    await expect(claim({} as Transaction, 1)).rejects.toMatchObject({ code: 'TRANSACTION_FOREIGN' });
    await other.close();
  });

  it('names a conflict without quoting a value', async () => {
    const id = newId();
    const insert = (seed: number): Promise<unknown> =>
      storage.transactions.run((transaction) =>
        storage.records.claimPatients(transaction, [
          { logicalToken: new Uint8Array(32).fill(seed), create: { id, listing: 'listed', createdAt: new Date(0) } },
        ]),
      );
    await insert(1);
    const failure: unknown = await insert(2).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageError);
    expect(failure).toMatchObject({ code: 'CONFLICT' });
    expect((failure as Error).message).not.toContain(id);
  });

  it('names a dead lock a conflict', async () => {
    const [first, second] = [newId(), newId()];
    await storage.transactions.run((transaction) =>
      storage.records.claimPatients(transaction, [
        { logicalToken: new Uint8Array(32).fill(1), create: { id: first, listing: 'listed', createdAt: new Date(0) } },
        { logicalToken: new Uint8Array(32).fill(2), create: { id: second, listing: 'listed', createdAt: new Date(0) } },
      ]),
    );
    let arrived = 0;
    let goOn: () => void = () => undefined;
    const bothLocked = new Promise<void>((resolve) => (goOn = resolve));
    const lock = (one: string, other: string): Promise<unknown> =>
      storage.transactions.run(async (transaction) => {
        await storage.records.lockPatients(transaction, [one]);
        arrived += 1;
        if (arrived === 2) goOn();
        await bothLocked;
        await storage.records.lockPatients(transaction, [other]);
      });
    const outcomes = await Promise.allSettled([lock(first, second), lock(second, first)]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'CONFLICT' } }]);
  });

  it('says when the database has gone, and works again when it is back', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const broken = storage.transactions.run(async (transaction) => {
      await claim(transaction, 5);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
      await claim(transaction, 6);
    });
    await expect(broken).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await client.end();
    // Connections that lay idle break as well, and the pool learns of each in its own time.
    let again: unknown;
    while (again === undefined) again = await storage.transactions.run((transaction) => claim(transaction, 5)).catch(() => undefined);
    expect(again).toHaveLength(1);
  });

  it('refuses everything after it has been closed, which may be done twice', async () => {
    const closed = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
    await closed.ping();
    await closed.close();
    await closed.close();
    await expect(closed.ping()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(closed.transactions.run((transaction) => claim(transaction, 1, closed))).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(closed.settings.read('name')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('closes in peace when the server breaks the connections at that moment', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (let round = 0; round < 10; round += 1) {
      const closing = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
      await Promise.all([1, 2, 3].map(() => closing.ping()));
      const closed = Promise.all([
        closing.close(),
        client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'),
      ]);
      await expect(closed).resolves.toHaveLength(2);
    }
    await client.end();
  });

  it('does not open where there is no database', async () => {
    const url = new URL(database.url);
    url.port = '1';
    const options = { databaseUrl: url.href, clock: new ManualClock(), logger: silentLogger };
    await expect(openStorage(options)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});
