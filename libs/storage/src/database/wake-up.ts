import type { Clock } from '@carecord/core';

/** A sleep that can be cut short. A call while nobody sleeps is not lost: the next sleep ends at once. */
export class WakeUp {
  private called = false;
  private sleeping: AbortController | undefined;

  constructor(private readonly clock: Clock) {}

  /** Ends the sleep. */
  call(): void {
    this.called = true;
    this.sleeping?.abort(new Error('Woken up.'));
  }

  /** Sleeps until the instant or the call, whichever is first. */
  async sleepUntil(instant: Date): Promise<void> {
    if (!this.called) {
      this.sleeping = new AbortController();
      const { signal } = this.sleeping;
      await this.clock.sleepUntil(instant, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      this.sleeping = undefined;
    }
    this.called = false;
  }
}
