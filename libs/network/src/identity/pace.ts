import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';

/** The works of one key. */
interface Lane<Result> {
  /** When the next one may start. */
  freeAt: Date;
  /** The one that waits for that instant. */
  next: { work: () => Promise<Result>; readonly result: Promise<Result> } | undefined;
}

/**
 * Starts at most one work a key in any interval: the first at once, and of those that come within the interval the newest at its end.
 * A key never waits for another.
 */
export class Pace<Result> {
  private readonly lanes = new Map<string, Lane<Result>>();

  constructor(
    private readonly milliseconds: number,
    private readonly clock: Clock,
  ) {}

  /**
   * Does the work, now or at the end of the key's interval, unless a newer one comes before.
   * @param key one of few: keys are not forgotten
   * @returns what the work gives, or the newer one in its place; rejects with the signal's reason when it is aborted meanwhile
   */
  run(key: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const lane = this.lanes.get(key) ?? { freeAt: this.clock.now(), next: undefined };
    this.lanes.set(key, lane);
    if (lane.next !== undefined) {
      lane.next.work = work;
      return lane.next.result;
    }
    const wait = lane.freeAt.getTime() - this.clock.now().getTime();
    // Longer than an interval only when the clock was put back.
    if (wait <= 0 || wait > this.milliseconds) return this.start(lane, work);
    const next = { work, result: this.startLater(lane, signal) };
    lane.next = next;
    return next.result;
  }

  private async startLater(lane: Lane<Result>, signal: AbortSignal): Promise<Result> {
    try {
      await this.clock.sleepUntil(lane.freeAt, signal);
    } catch (error) {
      lane.next = undefined;
      throw error;
    }
    // It is there: a sleep never ends before the caller has put it there.
    const work = lane.next?.work;
    lane.next = undefined;
    if (work === undefined) throw new Error('A work that waits has gone.');
    return this.start(lane, work);
  }

  private start(lane: Lane<Result>, work: () => Promise<Result>): Promise<Result> {
    lane.freeAt = later(this.clock.now(), this.milliseconds);
    return work();
  }
}
