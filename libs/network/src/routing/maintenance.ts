import { randomKey } from '@carecord/crypto';
import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { every } from '../every.ts';
import { placeSharing, sharedBits } from './node-id.ts';
import type { Routing } from './ports.ts';
import { BUCKET_SIZE } from './routing-table.ts';
import type { RoutingTable } from './routing-table.ts';

/** How often to look whether there is something to do. */
const CHECK_MILLISECONDS = 10_000;
/** A bucket in which nothing was looked up for so long is refreshed, a tenth sooner or later, so that a network does not do it in step. */
const REFRESH_MILLISECONDS = 10 * 60 * 1000;
const JITTER = 0.1;
/** A member that was not heard from for so long is pinged. */
const IDLE_MILLISECONDS = 5 * 60 * 1000;
/** Buckets are filled, on joining, until they have so many: as many as a lookup asks at once. */
const FEW = 3;
/** The least change of the table after which those around us are looked up again; and as many changes as there were members then. */
const CHANGES = 2;
/** After a smaller change it is done so much later: while a network comes up there is one every few seconds. */
const LOOK_AGAIN_MILLISECONDS = 60_000;

/** What is kept in order. */
export interface Maintained {
  readonly router: Pick<Routing, 'lookup' | 'onChange'> & { checkIdle(since: Date): Promise<void> };
  readonly table: RoutingTable;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps a routing table in order: looks up those around us when the first member is known and whenever much has changed, refreshes buckets
 * that nobody uses, and pings who is silent.
 */
export class Maintenance {
  private readonly dueByBucket = new Map<number, Date>();
  private stopped = AbortSignal.abort();
  /** The running exploration; never rejects. */
  private exploration: Promise<void> | undefined;
  private changes = 0;
  private knownBefore = 0;
  /** Nobody answered in time: it is tried again at the next look. */
  private isUnfinished = false;
  private lookAgainAt = new Date(0);

  constructor(private readonly maintained: Maintained) {}

  /** Works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, router, table } = this.maintained;
    this.stopped = signal;
    const stopListening = router.onChange(() => this.changed());
    if (table.size > 0) this.explore();
    await every(CHECK_MILLISECONDS, clock, signal, async () => {
      if (this.isUnfinished || (this.changes > 0 && clock.now() >= this.lookAgainAt)) this.explore();
      await router.checkIdle(later(clock.now(), -IDLE_MILLISECONDS));
      await this.refreshIdle();
    });
    stopListening();
    await this.exploration;
  }

  /** Looks up those around us, now or after the exploration that is under way. */
  explore(): void {
    this.knownBefore = 0;
    this.changed();
  }

  private changed(): void {
    this.changes += 1;
    if (this.exploration !== undefined || this.stopped.aborted || !this.isDue()) return;
    this.exploration = this.exploreUntilKnown().finally(() => {
      this.exploration = undefined;
    });
  }

  private isDue(): boolean {
    return this.knownBefore === 0 || this.changes >= Math.max(CHANGES, this.knownBefore);
  }

  private async exploreUntilKnown(): Promise<void> {
    const { clock, logger, router, table } = this.maintained;
    try {
      while (!this.stopped.aborted && table.size > 0 && this.isDue()) {
        this.knownBefore = table.size;
        this.changes = 0;
        this.lookAgainAt = later(clock.now(), LOOK_AGAIN_MILLISECONDS);
        // We are one of those that are found.
        const { complete, contacts } = await router.lookup(table.ownId, { count: BUCKET_SIZE + 1, signal: this.stopped });
        this.isUnfinished = !complete;
        const farthest = contacts.at(-1);
        // Fewer than were asked for: these are all that there are.
        if (contacts.length > BUCKET_SIZE && farthest !== undefined) await this.fillBuckets(sharedBits(table.ownId, farthest.nodeId));
      }
    } catch (error) {
      logger.warn('neighbourhood-not-explored', {}, error);
    }
  }

  /** The way to far regions: the lookup of ourselves finds only what is near, that is, shares more than so many bits with us. */
  private async fillBuckets(near: number): Promise<void> {
    const { router, table } = this.maintained;
    for (let bits = 0; bits <= near && !this.stopped.aborted; bits++) {
      if (table.sizeOfBucket(bits) < FEW) await router.lookup(placeSharing(table.ownId, bits, randomKey()), { count: FEW, signal: this.stopped });
    }
  }

  private async refreshIdle(): Promise<void> {
    const { clock, logger, router, table } = this.maintained;
    for (let bits = 0; bits <= (table.deepestBucket() ?? -1) && !this.stopped.aborted; bits++) {
      const due = this.dueByBucket.get(bits);
      if (due === undefined || due <= clock.now()) this.dueByBucket.set(bits, nextRefresh(clock));
      // A bucket that is new was filled on joining, or by those who came.
      if (due === undefined || due > clock.now()) continue;
      try {
        await router.lookup(placeSharing(table.ownId, bits, randomKey()), { signal: this.stopped });
      } catch (error) {
        logger.warn('bucket-not-refreshed', { bits }, error);
      }
    }
  }
}

function nextRefresh(clock: Clock): Date {
  return later(clock.now(), REFRESH_MILLISECONDS * (1 - JITTER + 2 * JITTER * Math.random()));
}
