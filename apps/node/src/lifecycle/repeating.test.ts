import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { repeat } from './repeating.ts';

const SECOND = 1_000;
const untilAsleep = async (clock: ManualClock, count = 1): Promise<void> => {
  while (clock.sleeping < count) await new Promise(setImmediate);
};

describe('repeat', () => {
  it('runs each task in its own rhythm, with its pause after the end of the run before', async () => {
    const clock = new ManualClock();
    const runs: string[] = [];
    const task = (name: string, seconds: number) => ({ name, everyMilliseconds: seconds * SECOND, run: () => Promise.resolve(runs.push(name)) });
    const close = repeat([task('one', 1), task('three', 3)], { clock, logger: silentLogger });
    for (let second = 1; second <= 6; second += 1) {
      await untilAsleep(clock, 2);
      clock.advance(SECOND);
    }
    await untilAsleep(clock, 2);
    expect([runs.filter((name) => name === 'one').length, runs.filter((name) => name === 'three').length]).toEqual([6, 2]);
    await close();
  });

  it('goes on after a failure, which is logged', async () => {
    const clock = new ManualClock();
    const failures: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (event, fields) => void failures.push([event, fields]) };
    let runs = 0;
    const close = repeat([{ name: 'failing', everyMilliseconds: SECOND, run: () => ((runs += 1), Promise.reject(new Error('failed on purpose'))) }], { clock, logger });
    for (let second = 1; second <= 2; second += 1) {
      await untilAsleep(clock);
      clock.advance(SECOND);
    }
    await untilAsleep(clock);
    expect([runs, failures]).toEqual([2, [['task-failed', { task: 'failing' }], ['task-failed', { task: 'failing' }]]]);
    await close();
  });

  it('waits for a run when it is closed, and begins none after it', async () => {
    const clock = new ManualClock();
    let finish: () => void = () => undefined;
    let [runs, ended, closed] = [0, false, false];
    const run = async (): Promise<void> => {
      runs += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      ended = true;
    };
    const close = repeat([{ name: 'slow', everyMilliseconds: SECOND, run }], { clock, logger: silentLogger });
    await untilAsleep(clock);
    clock.advance(SECOND);
    while (runs === 0) await new Promise(setImmediate);
    const closing = close().then(() => (closed = true));
    await new Promise(setImmediate);
    expect([ended, closed]).toEqual([false, false]);
    finish();
    await closing;
    clock.advance(10 * SECOND);
    await new Promise(setImmediate);
    expect([runs, ended, closed, clock.sleeping]).toEqual([1, true, true, 0]);
  });

  it('closes at once while nothing runs, and repeating that is harmless', async () => {
    const clock = new ManualClock();
    const close = repeat([{ name: 'never', everyMilliseconds: SECOND, run: () => Promise.reject(new Error('It must not run.')) }], { clock, logger: silentLogger });
    await untilAsleep(clock);
    await Promise.all([close(), close()]);
    expect(clock.sleeping).toBe(0);
  });

  it('runs a task that is an object of a class', async () => {
    class Counter {
      readonly name = 'counter';
      readonly everyMilliseconds = SECOND;
      runs = 0;
      run(): Promise<void> {
        this.runs += 1;
        return Promise.resolve();
      }
    }
    const clock = new ManualClock();
    const counter = new Counter();
    const close = repeat([counter], { clock, logger: silentLogger });
    await untilAsleep(clock);
    clock.advance(SECOND);
    await untilAsleep(clock);
    expect(counter.runs).toBe(1);
    await close();
  });
});
