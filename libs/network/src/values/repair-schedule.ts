import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { nodeIdOf } from '../routing/node-id.ts';
import type { Routing } from '../routing/ports.ts';

/** How often values are brought to whom they belong, give or take a fifth: all nodes at once would be a burden. */
const INTERVAL_MILLISECONDS = 10 * 60 * 1000;
const JITTER = 0.2;
/** How long after our neighbours changed: a member that restarts is back by then, and several changes are one. */
const SETTLE_MILLISECONDS = 30_000;
/** Neighbours whose coming and going may change who is responsible for our values. */
const NEIGHBOURS = 20;

/** What {@link RepairSchedule} works with. */
export interface RepairScheduleOptions {
  readonly routing: Pick<Routing, 'nearest' | 'onChange'>;
  readonly ownDid: string;
  readonly clock: Clock;
  /** From 0 to 1. @default `Math.random` */
  readonly random?: () => number;
}

/** Says when it is time to repair: at intervals, and soon after our neighbours have changed. */
export class RepairSchedule {
  private neighbours: string;
  private changed = new AbortController();

  constructor(private readonly options: RepairScheduleOptions) {
    this.neighbours = this.present();
  }

  /** Does the work whenever it is time, one at a time, until the signal is aborted. */
  async run(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock, routing, random = Math.random } = this.options;
    const end = routing.onChange(() => this.look());
    try {
      while (!signal.aborted) {
        const pause = INTERVAL_MILLISECONDS * (1 + JITTER * (2 * random() - 1));
        const early = this.changed.signal;
        await clock.sleepUntil(later(clock.now(), pause), AbortSignal.any([signal, early])).catch(() => undefined);
        if (early.aborted) await clock.sleepUntil(later(clock.now(), SETTLE_MILLISECONDS), signal).catch(() => undefined);
        this.changed = new AbortController();
        this.neighbours = this.present();
        if (!isAborted(signal)) await work();
      }
    } finally {
      end();
    }
  }

  private look(): void {
    if (this.present() !== this.neighbours) this.changed.abort();
  }

  private present(): string {
    const { routing, ownDid } = this.options;
    return routing
      .nearest(nodeIdOf(ownDid), NEIGHBOURS)
      .map(({ did }) => did)
      .sort()
      .join(' ');
  }
}

/** Asked after a wait: the compiler believes that nothing has changed meanwhile. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
