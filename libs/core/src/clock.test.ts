import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { type Clock, later, systemClock } from './clock.ts';

describe.each<[string, () => Clock]>([
  ['systemClock', () => systemClock],
  ['ManualClock', () => new ManualClock()],
])('%s', (_, makeClock) => {
  it('does not sleep until an instant that has passed', async () => {
    const clock = makeClock();
    await expect(clock.sleepUntil(later(clock.now(), -1))).resolves.toBeUndefined();
  });

  it('wakes with the reason of an abort, before or while asleep', async () => {
    const clock = makeClock();
    const before = AbortSignal.abort(new Error('before'));
    await expect(clock.sleepUntil(later(clock.now(), 60_000), before)).rejects.toThrow('before');
    const controller = new AbortController();
    const asleep = clock.sleepUntil(later(clock.now(), 60_000), controller.signal);
    controller.abort(new Error('while'));
    await expect(asleep).rejects.toThrow('while');
  });
});

describe('ManualClock', () => {
  it('wakes sleepers when their time has come, not before', async () => {
    const clock = new ManualClock();
    const woken: number[] = [];
    const sleepers = [10, 20].map((milliseconds) => clock.sleepUntil(later(clock.now(), milliseconds)).then(() => woken.push(milliseconds)));
    clock.advance(10);
    await sleepers[0];
    expect(woken).toEqual([10]);
    expect(clock.sleeping).toBe(1);
    clock.advance(10);
    await sleepers[1];
    expect(woken).toEqual([10, 20]);
  });
});
