import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';

/** Does the work again and again, first after one interval, one at a time, until the signal is aborted. */
export async function every(milliseconds: number, clock: Clock, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    await clock.sleepUntil(later(clock.now(), milliseconds), signal).catch(() => undefined);
    if (signal.aborted) return;
    await work();
  }
}
