import { type Clock, later } from '@carecord/core';

interface Sleeper {
  readonly instant: Date;
  readonly wake: () => void;
}

/** The machine's clock, which a test can put forward: whoever slept until then wakes. */
export class SkippingClock implements Clock {
  private aheadMilliseconds = 0;
  private readonly sleepers = new Set<Sleeper>();

  now(): Date {
    return new Date(Date.now() + this.aheadMilliseconds);
  }

  sleepUntil(instant: Date, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.sleepers.delete(sleeper);
        settle();
      };
      const sleeper: Sleeper = { instant, wake: () => end(resolve) };
      const abort = (): void => end(() => reject(signal?.reason as Error));
      const timer = setTimeout(sleeper.wake, Math.max(0, instant.getTime() - this.now().getTime()));
      signal?.addEventListener('abort', abort, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /** Puts the clock forward. */
  skip(milliseconds: number): void {
    this.aheadMilliseconds += milliseconds;
    for (const sleeper of [...this.sleepers]) if (sleeper.instant <= later(this.now(), 1)) sleeper.wake();
  }
}
