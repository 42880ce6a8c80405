import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@carecord/testkit';
import { withFileLock } from './file-lock.ts';

const refusal = (code: string): unknown => expect.objectContaining({ name: 'KeysError', code });

/** Moves the clock whenever somebody waits for it, until the work is done. */
async function driven<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  const state = { done: false };
  const ended = work.finally(() => (state.done = true));
  ended.catch(() => undefined);
  while (!state.done) {
    if (clock.sleeping > 0) clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await ended;
}

describe('withFileLock', () => {
  it('runs one after the other, and frees the lock when work fails', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-lock-'));
    const path = join(directory, 'file');
    const clock = new ManualClock();
    const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
    const order: string[] = [];
    const first = withFileLock(path, clock, async () => {
      await held;
      order.push('first');
      throw new Error('failed on purpose');
    });
    first.catch(() => undefined);
    const second = withFileLock(path, clock, () => Promise.resolve(order.push('second')));
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    letGo(undefined);
    await expect(first).rejects.toThrow('failed on purpose');
    await driven(clock, second);
    expect(order).toEqual(['first', 'second']);
    await rm(directory, { recursive: true });
  });

  it('gives up on a process that holds the lock for too long, and where no lock can be made', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-lock-'));
    const path = join(directory, 'file');
    const clock = new ManualClock();
    await withFileLock(path, clock, async () => {
      await expect(driven(clock, withFileLock(path, clock, () => Promise.resolve()))).rejects.toEqual(refusal('KEY_FILE_BUSY'));
    });
    await expect(withFileLock(join(directory, 'absent', 'file'), clock, () => Promise.resolve())).rejects.toEqual(refusal('KEY_FILE_INVALID'));
    await rm(directory, { recursive: true });
  });
});
