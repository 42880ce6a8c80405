import { later } from '@carecord/core';
import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import { NetworkError } from '@carecord/network';
import type { PublishOptions } from '@carecord/network';
import type { HospitalKeys } from './keys.ts';
import { LocatorError } from './locator-error.ts';
import type { PointerJob, PointerResult } from './pointer-job.ts';
import type { PointerWriter } from './pointer-writer.ts';
import type { LocatorStore } from './ports.ts';
import { SlotAttempt } from './slot-attempt.ts';

/** What it takes to bring pointers into their slots. */
export interface SlotClaimsOptions {
  readonly store: LocatorStore;
  readonly writer: PointerWriter;
  readonly keys: HospitalKeys;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pointers whose values, of 6 KB, are in memory at once: a patient who is listed to many hospitals has hundreds. */
const MAX_AT_ONCE = 4_096;

/** Brings many pointers into slots of their tags, in rounds: what found its slot taken tries the next one together with the others. */
export class SlotClaims {
  constructor(private readonly options: SlotClaimsOptions) {}

  /** Does what is wanted of each pointer; whatever fails is in its result. Nothing but sequences and slots is kept yet. */
  async settle(jobs: readonly PointerJob[], options: PublishOptions = {}): Promise<PointerResult[]> {
    const results: PointerResult[] = [];
    for (let from = 0; from < jobs.length; from += MAX_AT_ONCE) results.push(...(await this.settlePart(jobs.slice(from, from + MAX_AT_ONCE), options)));
    return results;
  }

  private async settlePart(jobs: readonly PointerJob[], options: PublishOptions): Promise<PointerResult[]> {
    const attempts = jobs.map((job) => new SlotAttempt(job, this.options.keys));
    let open = attempts.filter(({ result }) => result === undefined);
    while (open.length > 0) {
      await this.round(open, options);
      open = open.filter(({ result }) => result === undefined);
    }
    return attempts.map(({ result }) => result as PointerResult);
  }

  private async round(open: readonly SlotAttempt[], options: PublishOptions): Promise<void> {
    await this.claim(open);
    const writing = open.filter(({ result }) => result === undefined).map((attempt) => ({ attempt, writes: attempt.writes() }));
    try {
      const placements = await this.options.writer.write(writing.flatMap(({ writes }) => writes), options);
      const now = this.options.clock.now();
      let from = 0;
      for (const { attempt, writes } of writing) {
        attempt.settle(writes, placements.slice(from, from + writes.length), (milliseconds) => later(now, milliseconds));
        from += writes.length;
      }
    } catch (error) {
      this.options.logger.warn('pointers-not-published', { pointers: writing.length }, error);
      for (const { attempt } of writing) attempt.fail(asLocatorError(error));
    }
  }

  /** Takes the sequences, and notes the slots, before anything is written. */
  private async claim(open: readonly SlotAttempt[]): Promise<void> {
    const { store, transactions, clock } = this.options;
    // Time rises even when the store was restored from a backup that does not know the last sequence.
    const atLeast = clock.now().getTime();
    const claims = open.map(({ job, claimedSlot }) => ({ ...job.key, sealedRecipient: job.sealedRecipient, slot: claimedSlot, atLeast }));
    const sequences = await transactions.run((transaction) => store.claimPointers(transaction, claims));
    open.forEach((attempt, at) => {
      const sequence = sequences[at];
      if (sequence === undefined) attempt.drop();
      else attempt.sequence = sequence;
    });
  }
}

function asLocatorError(error: unknown): unknown {
  if (!(error instanceof NetworkError)) return error;
  return new LocatorError('PUBLISHING_FAILED', 'The network took nothing of a publication.', { cause: error });
}
