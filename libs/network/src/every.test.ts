import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../testkit/src/manual-clock.ts';
import { every } from './every.ts';

describe('every', () => {
  it('works after each interval, not before the first, and no more once the signal is aborted', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let worked = 0;
    const running = every(1_000, clock, stop.signal, () => Promise.resolve((worked += 1)));
    for (const expected of [0, 1, 2]) {
      while (clock.sleeping === 0) await Promise.resolve();
      expect(worked).toBe(expected);
      clock.advance(1_000);
    }
    while (clock.sleeping === 0) await Promise.resolve();
    stop.abort();
    await running;
    expect(worked).toBe(3);
  });

  it('does nothing with a signal that is aborted already', async () => {
    await expect(every(1_000, new ManualClock(), AbortSignal.abort(), () => Promise.reject(new Error('Worked.')))).resolves.toBeUndefined();
  });
});
