import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { connectDatabase, type Connection, type Database } from '../database/connection.ts';
import { StorageError } from '../storage-error.ts';
import { JobScheduler, JOB_LEASE_MILLISECONDS } from './job-scheduler.ts';

const EVERY = 600_000;

describe('recurring jobs', () => {
  let testDatabase: TestDatabase;
  let connection: Connection;
  let database: Database;
  let clock: ManualClock;
  let schedulers: JobScheduler[];
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    connection = connectDatabase({ databaseUrl: testDatabase.url, logger: silentLogger });
    ({ database } = connection);
  });
  beforeEach(async () => {
    await testDatabase.empty();
    clock = new ManualClock();
    schedulers = [];
  });
  afterEach(async () => {
    await Promise.all(schedulers.map((scheduler) => scheduler.stop()));
  });
  afterAll(async () => {
    await connection.close();
    await testDatabase.drop();
  });

  const startScheduler = (run: () => Promise<void>): JobScheduler => {
    const scheduler = new JobScheduler(database, clock, silentLogger);
    schedulers.push(scheduler);
    scheduler.add({ name: 'sweep', everyMilliseconds: EVERY, run });
    scheduler.start();
    return scheduler;
  };
  const finished = (): Promise<number> => database.job.count({ where: { lastFinishedAt: clock.now() } });

  it('runs a new job at once and then at its interval', async () => {
    let runs = 0;
    startScheduler(() => Promise.resolve(void (runs += 1)));
    await until(async () => (await finished()) === 1 && clock.sleeping > 0);
    expect(runs).toBe(1);
    clock.advance(EVERY - 1);
    await until(() => Promise.resolve(clock.sleeping > 0));
    expect(runs).toBe(1);
    clock.advance(1);
    await until(async () => (await finished()) === 1);
    expect(runs).toBe(2);
  });

  it('runs a job at one replica alone, and not again when a node restarts', async () => {
    let runs = 0;
    const run = (): Promise<void> => Promise.resolve(void (runs += 1));
    for (let count = 0; count < 3; count += 1) startScheduler(run);
    await until(async () => (await finished()) === 1 && clock.sleeping === 3);
    expect(runs).toBe(1);
    startScheduler(run);
    await until(() => Promise.resolve(clock.sleeping === 4));
    expect(runs).toBe(1);
  });

  it('runs a job again that failed, at its next time, and notes the code', async () => {
    let runs = 0;
    startScheduler(() => {
      runs += 1;
      return Promise.reject(new StorageError('CONFLICT', 'secret'));
    });
    await until(async () => (await database.job.count({ where: { lastErrorCode: 'CONFLICT' } })) === 1 && clock.sleeping > 0);
    clock.advance(EVERY);
    await until(() => Promise.resolve(runs === 2));
    expect(await database.job.count({ where: { lastErrorCode: 'CONFLICT' } })).toBe(1);
  });

  it('runs a job whose node died in the middle of it when the lease is over', async () => {
    await database.job.create({ data: { name: 'sweep', nextRunAt: new Date(clock.now().getTime() + JOB_LEASE_MILLISECONDS), lastStartedAt: clock.now() } });
    let runs = 0;
    startScheduler(() => Promise.resolve(void (runs += 1)));
    await until(() => Promise.resolve(clock.sleeping > 0));
    expect(runs).toBe(0);
    clock.advance(JOB_LEASE_MILLISECONDS);
    await until(async () => (await finished()) === 1);
    expect(runs).toBe(1);
  });

  it('waits for a running job when it is stopped', async () => {
    let end: () => void = () => undefined;
    let begun = false;
    const running = new Promise<void>((resolve) => (end = resolve));
    const scheduler = startScheduler(async () => {
      begun = true;
      await running;
    });
    await until(() => Promise.resolve(begun));
    let stopped = false;
    const stopping = scheduler.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(await finished()).toBe(1);
  });
});

/** Waits for something that the database or the scheduler does in its own time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}
