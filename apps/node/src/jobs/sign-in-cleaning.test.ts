import { describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import type { Job } from '@carecord/storage';
import { ManualClock, MemoryUsedAssertionStore } from '@carecord/testkit';
import { staffFixture } from '../staff/staff.fixture.ts';
import { addSignInCleaning } from './sign-in-cleaning.ts';

function only(jobs: readonly Job[]): Job {
  const [job] = jobs;
  if (job === undefined) throw new Error('There is no job.');
  return job;
}

describe('cleaning up after sign-ins', () => {
  it('deletes what anybody can leave in the database: sign-ins that were begun, and failures', async () => {
    const a = staffFixture();
    const jobs: Job[] = [];
    addSignInCleaning({ jobs: { add: (job) => jobs.push(job) }, usedAssertions: new MemoryUsedAssertionStore() }, a, a.clock);
    await a.signIn.beginPasskey();
    await a.signIn.withPassword('nobody', 'guess').catch(() => undefined);
    a.clock.advance(60 * 60_000);
    await only(jobs).run();
    expect(await a.challenges.removeExpired()).toBe(0);
    expect(await a.lock.removeExpired()).toBe(0);
  });

  it('remembers a statement for as long as a replica with a slower clock may take it', async () => {
    const a = staffFixture();
    const [jobs, assertions] = [[] as Job[], new MemoryUsedAssertionStore()];
    const ahead = new ManualClock();
    addSignInCleaning({ jobs: { add: (job) => jobs.push(job) }, usedAssertions: assertions }, a, ahead);
    const [id, until] = [new Uint8Array(32), later(ahead.now(), 30_000)];
    expect(await assertions.take(id, until)).toBe(true);
    ahead.advance(2 * CLOCK_SKEW_MILLISECONDS);
    await only(jobs).run();
    expect(await assertions.take(id, until)).toBe(false);
    ahead.advance(60_000);
    await only(jobs).run();
    expect(await assertions.take(id, until)).toBe(true);
  });
});
