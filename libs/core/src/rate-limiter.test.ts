import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { RateLimiter } from './rate-limiter.ts';

describe('RateLimiter', () => {
  it('lets a burst through, refuses the next, and refills with time', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ burst: 2, perSecond: 1 }, clock);
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a')]).toEqual([true, true, false]);
    clock.advance(1_000);
    expect([limiter.take('a'), limiter.take('a')]).toEqual([true, false]);
  });

  it('keeps keys apart', () => {
    const limiter = new RateLimiter({ burst: 1, perSecond: 1 }, new ManualClock());
    expect([limiter.take('a'), limiter.take('b'), limiter.take('a')]).toEqual([true, true, false]);
  });

  it('takes nothing when the cost is more than is there', () => {
    const limiter = new RateLimiter({ burst: 3, perSecond: 0 }, new ManualClock());
    expect([limiter.take('a', 4), limiter.take('a', 3)]).toEqual([false, true]);
  });

  it('remembers a bounded number of keys', () => {
    const limiter = new RateLimiter({ burst: 1, perSecond: 0 }, new ManualClock(), 2);
    limiter.take('a');
    limiter.take('b');
    limiter.take('c');
    expect(limiter.take('c')).toBe(false);
    expect(limiter.take('a')).toBe(true);
  });
});
