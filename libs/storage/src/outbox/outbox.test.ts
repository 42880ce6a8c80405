import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { later, silentLogger } from '@carecord/core';
import type { OutboxHandler, OutboxPayload } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { connectDatabase, type Connection, type Database } from '../database/connection.ts';
import { openStorage, type Storage } from '../storage.ts';
import { StorageError } from '../storage-error.ts';
import { OutboxEntries } from './outbox-entries.ts';
import { LEASE_MILLISECONDS, LONGEST_PAUSE_MILLISECONDS, MAX_ATTEMPTS, OutboxWorker, pauseAfter, POLL_MILLISECONDS } from './outbox-worker.ts';

describe('the outbox', () => {
  let testDatabase: TestDatabase;
  let connection: Connection;
  let database: Database;
  let storage: Storage;
  let clock: ManualClock;
  let entries: OutboxEntries;
  let workers: OutboxWorker[];
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    connection = connectDatabase({ databaseUrl: testDatabase.url, logger: silentLogger });
    ({ database } = connection);
    entries = new OutboxEntries(database);
  });
  beforeEach(async () => {
    await testDatabase.empty();
    clock = new ManualClock();
    workers = [];
    storage = await openStorage({ databaseUrl: testDatabase.url, clock, logger: silentLogger });
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await storage.close();
  });
  afterAll(async () => {
    await connection.close();
    await testDatabase.drop();
  });

  const enqueue = (number: number, topic = 'topic'): Promise<void> =>
    storage.transactions.run((transaction) => storage.outbox.enqueue(transaction, topic, { number }));
  const startWorker = (handler: OutboxHandler): OutboxWorker => {
    const worker = new OutboxWorker({ entries, clock, logger: silentLogger, chance: () => 0 });
    workers.push(worker);
    worker.on('topic', handler);
    worker.start();
    return worker;
  };
  const waiting = async (): Promise<number> => (await entries.backlog('topic')).waiting;
  const asleep = (): Promise<void> => until(() => Promise.resolve(clock.sleeping > 0));

  it('hands over what was committed, once, and nothing that was rolled back', async () => {
    const handled: OutboxPayload[] = [];
    const failing = storage.transactions.run(async (transaction) => {
      await storage.outbox.enqueue(transaction, 'topic', { number: 0 });
      throw new Error('failed on purpose');
    });
    await expect(failing).rejects.toThrow('failed on purpose');
    for (const number of [1, 2, 3]) await enqueue(number);
    startWorker((payload) => Promise.resolve(void handled.push(payload)));
    await until(async () => (await waiting()) === 0);
    expect(handled.map(({ number }) => number).sort()).toEqual([1, 2, 3]);
  });

  it("begins at once when a transaction of this node commits, and with the next look for another's", async () => {
    const handled: OutboxPayload[] = [];
    storage.outboxWorker.on('topic', (payload) => Promise.resolve(void handled.push(payload)));
    storage.outboxWorker.start();
    await asleep();
    await enqueue(1);
    await until(async () => (await waiting()) === 0);

    const replica = await openStorage({ databaseUrl: testDatabase.url, clock, logger: silentLogger });
    await asleep();
    await replica.transactions.run((transaction) => replica.outbox.enqueue(transaction, 'topic', { number: 2 }));
    expect(handled).toHaveLength(1);
    clock.advance(POLL_MILLISECONDS);
    await until(async () => (await waiting()) === 0);
    expect(handled).toEqual([{ number: 1 }, { number: 2 }]);
    await replica.close();
  });

  it('hands an entry whose worker died to another, when the lease is over and not before', async () => {
    await enqueue(1);
    const [taken] = await entries.claim(['topic'], clock.now(), LEASE_MILLISECONDS, 10);
    expect(taken).toMatchObject({ payload: { number: 1 }, attempts: 1 });
    clock.advance(LEASE_MILLISECONDS - 1);
    expect(await entries.claim(['topic'], clock.now(), LEASE_MILLISECONDS, 10)).toEqual([]);
    clock.advance(1);
    const [again] = await entries.claim(['topic'], clock.now(), LEASE_MILLISECONDS, 10);
    expect(again).toMatchObject({ id: taken?.id, attempts: 2 });
    // The first worker was only slow: what it says about the entry no longer counts.
    if (taken !== undefined) await entries.finish(taken);
    expect(await waiting()).toBe(1);
    if (again !== undefined) await entries.finish(again);
    expect(await waiting()).toBe(0);
  });

  it('keeps an entry as long as its handler runs', async () => {
    const handling = deferred();
    let begun = false;
    await enqueue(1);
    startWorker(() => {
      begun = true;
      return handling.promise;
    });
    await until(() => Promise.resolve(begun && clock.sleeping > 0));
    for (let step = 0; step < 8; step += 1) {
      clock.advance(LEASE_MILLISECONDS / 3);
      const due = later(clock.now(), LEASE_MILLISECONDS);
      await until(async () => (await database.outboxEntry.count({ where: { nextAttemptAt: due } })) === 1);
    }
    expect(await entries.claim(['topic'], clock.now(), 0, 1)).toEqual([]);
    handling.resolve();
    await until(async () => (await waiting()) === 0);
  });

  it('never hands the same entry to two workers at once', async () => {
    const inHand = new Set<number>();
    const handled: number[] = [];
    let twice = false;
    const handler: OutboxHandler = async ({ number }) => {
      twice ||= inHand.has(Number(number));
      inHand.add(Number(number));
      await new Promise((resolve) => setImmediate(resolve));
      inHand.delete(Number(number));
      handled.push(Number(number));
    };
    await storage.transactions.run(async (transaction) => {
      for (let number = 0; number < 60; number += 1) await storage.outbox.enqueue(transaction, 'topic', { number });
    });
    for (let count = 0; count < 3; count += 1) startWorker(handler);
    await until(async () => (await waiting()) === 0);
    expect(twice).toBe(false);
    expect(handled.sort((left, right) => left - right)).toEqual(Array.from({ length: 60 }, (_, number) => number));
  });

  it('tries again after a failure, each time later, and notes the code alone', async () => {
    let attempts = 0;
    await enqueue(1);
    startWorker(() => {
      attempts += 1;
      if (attempts === 3) return Promise.resolve();
      return Promise.reject(attempts === 1 ? new StorageError('CONFLICT', 'secret') : new Error('secret'));
    });
    await until(async () => (await database.outboxEntry.count({ where: { lastErrorCode: 'CONFLICT' } })) === 1);
    await asleep();
    clock.advance(pauseAfter(1, 0));
    await until(async () => (await database.outboxEntry.count({ where: { lastErrorCode: 'INTERNAL' } })) === 1);
    await asleep();
    clock.advance(pauseAfter(2, 0) - 1);
    await until(() => Promise.resolve(clock.sleeping > 0));
    expect(attempts).toBe(2);
    clock.advance(POLL_MILLISECONDS);
    await until(async () => (await waiting()) === 0);
    expect(attempts).toBe(3);
  });

  it('hands no handler a payload that was tampered with', async () => {
    let called = false;
    await enqueue(1);
    await database.outboxEntry.updateMany({ data: { payload: { number: { nested: true } } } });
    startWorker(() => Promise.resolve(void (called = true)));
    await until(async () => (await database.outboxEntry.count({ where: { lastErrorCode: 'CORRUPT' } })) === 1);
    expect(called).toBe(false);
  });

  it('waits longer after each failure, up to a limit', () => {
    expect([1, 2, 3].map((attempts) => pauseAfter(attempts, 0))).toEqual([1_000, 2_000, 4_000]);
    expect(pauseAfter(2, 1)).toBe(3_000);
    expect(pauseAfter(MAX_ATTEMPTS, 0)).toBe(LONGEST_PAUSE_MILLISECONDS);
  });

  it('gives up after many failures, shows what it gave up, and tries again when it is told to', async () => {
    let broken = true;
    const worker = startWorker(() => (broken ? Promise.reject(new StorageError('CONFLICT', 'secret')) : Promise.resolve()));
    await asleep();
    await enqueue(1);
    await database.outboxEntry.updateMany({ data: { attempts: MAX_ATTEMPTS - 1, nextAttemptAt: clock.now() } });
    clock.advance(POLL_MILLISECONDS);
    await until(async () => (await worker.backlog('topic')).dead === 1);
    const [letter] = await worker.deadLetters(10);
    expect(letter).toMatchObject({ topic: 'topic', payload: { number: 1 }, attempts: MAX_ATTEMPTS, lastErrorCode: 'CONFLICT' });
    expect(await worker.backlog('topic')).toEqual({ waiting: 0, dead: 1 });

    broken = false;
    expect(await worker.revive(letter?.id ?? '')).toBe(true);
    await until(async () => (await worker.backlog('topic')).dead + (await waiting()) === 0);
    expect(await worker.revive(letter?.id ?? '')).toBe(false);
  });

  it('leaves entries of a topic without a handler', async () => {
    await enqueue(1, 'other');
    await enqueue(2);
    startWorker(() => Promise.resolve());
    await until(async () => (await waiting()) === 0);
    expect(await entries.backlog('other')).toEqual({ waiting: 1, dead: 0 });
    expect(await entries.claim(['other'], clock.now(), LEASE_MILLISECONDS, 10)).toMatchObject([{ payload: { number: 1 }, attempts: 1 }]);
  });

  it('waits for running handlers when it is stopped, and begins no more', async () => {
    const handling = deferred();
    const begun: unknown[] = [];
    const worker = startWorker(async ({ number }) => {
      begun.push(number);
      await handling.promise;
    });
    await enqueue(1);
    worker.kick();
    await until(() => Promise.resolve(begun.length === 1));
    let stopped = false;
    const stopping = worker.stop().then(() => (stopped = true));
    await enqueue(2);
    worker.kick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    handling.resolve();
    await stopping;
    expect(begun).toEqual([1]);
    expect(await waiting()).toBe(1);
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Waits for something that the database or the worker does in its own time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}
