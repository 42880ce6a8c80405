import type { Clock } from '@carecord/core';

interface Sleeper {
  readonly instant: number;
  readonly resolve: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  private instant: number;
  private sleepers: Sleeper[] = [];

  constructor(start: Date = new Date('2026-01-01T00:00:00.000Z')) {
    this.instant = start.getTime();
  }

  now(): Date {
    return new Date(this.instant);
  }

  sleepUntil(instant: Date, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (instant.getTime() <= this.instant) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = { instant: instant.getTime(), resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.sleepers = this.sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }

  /** Moves time forward and wakes who slept until then. */
  advance(milliseconds: number): void {
    this.instant += milliseconds;
    const due = this.sleepers.filter((sleeper) => sleeper.instant <= this.instant);
    this.sleepers = this.sleepers.filter((sleeper) => sleeper.instant > this.instant);
    for (const sleeper of due) sleeper.resolve();
  }

  /** How many callers are asleep: lets a test wait until the code under test has reached its wait. */
  get sleeping(): number {
    return this.sleepers.length;
  }
}
