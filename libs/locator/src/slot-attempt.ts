import type { Placement } from '@carecord/network';
import type { HospitalKeys } from './keys.ts';
import { POINTER_SLOTS, slotOrder } from './keys.ts';
import { LocatorError } from './locator-error.ts';
import type { PointerJob, PointerResult } from './pointer-job.ts';
import { POINTER_LIFETIME_MILLISECONDS } from './pointer-writer.ts';
import type { PointerWrite } from './pointer-writer.ts';

/** A value that lost a race for its slot gives way after this: storers keep an owner's claim until its value expires. */
export const RELEASE_LIFETIME_MILLISECONDS = 60 * 1000;
/** A value that at most half of the storers took is written again after this. */
export const CONTESTED_RETRY_MILLISECONDS = 10 * 60 * 1000;

/** What a job writes in one round: into the slot that it tries, and over what it left in others. */
type SlotWrite = PointerWrite & { readonly purpose: 'take' | 'release' | 'withdraw' };

/**
 * One job on its way through the slots of its tag: its last or preferred slot first, without looking; where another holder's value
 * stands, the next one. Most need one round.
 */
export class SlotAttempt {
  /** Of the round that is being written. */
  sequence = 0;
  result: PointerResult | undefined;
  private readonly untried: number[];
  private slot: number;
  private touched: number;
  private mode: 'take' | 'settle-for-less' | 'withdraw';
  /** Where at least some storers took it although another holder is there. */
  private fallback: number | undefined;
  private failure: LocatorError | undefined;

  constructor(
    readonly job: PointerJob,
    keys: HospitalKeys,
  ) {
    const { placeTag, patientId, epoch } = job.subject;
    const [preferred, ...others] = preferring(job.before?.slot, slotOrder(keys.slotSeed(placeTag, patientId, epoch)));
    this.slot = preferred as number;
    this.untried = others;
    this.touched = job.before?.touched ?? 0;
    this.mode = job.wanted === 'withdrawn' ? 'withdraw' : 'take';
    if (this.mode === 'withdraw' && this.touched === 0) this.result = { job, state: undefined };
  }

  /** The slot that the store has to know before the round is written. */
  get claimedSlot(): number {
    return this.slot;
  }

  /** The tag is gone: there is nothing to write any more. */
  drop(): void {
    this.result = { job: this.job, state: undefined };
  }

  /** Nothing of the round could be written. */
  fail(error: unknown): void {
    this.result = { job: this.job, state: undefined, error };
  }

  /** The values of this round. */
  writes(): SlotWrite[] {
    const written = slotsOf(this.mode === 'withdraw' ? this.touched : this.touched | bit(this.slot));
    return written.map((slot) => {
      const purpose = this.mode === 'withdraw' ? 'withdraw' : slot === this.slot ? 'take' : 'release';
      const keep = purpose === 'take' || (purpose === 'withdraw' && this.failure === undefined);
      return {
        subject: this.job.subject,
        says: purpose === 'take' && this.job.wanted === 'pointer' ? 'pointer' : 'nothing',
        slot,
        sequence: this.sequence,
        lifetimeMilliseconds: keep ? POINTER_LIFETIME_MILLISECONDS : RELEASE_LIFETIME_MILLISECONDS,
        until: this.job.until,
        purpose,
      };
    });
  }

  /** Takes in how the values of the round were taken, in the order of {@link writes}; either there is a result then, or another round. */
  settle(writes: readonly SlotWrite[], placements: readonly Placement[], inMilliseconds: (milliseconds: number) => Date): void {
    const expiresAt = inMilliseconds(POINTER_LIFETIME_MILLISECONDS);
    const written = writes.map(({ slot, purpose }, at) => ({ slot, purpose, placement: placements[at] as Placement }));
    for (const { slot, purpose, placement } of written) if (purpose !== 'take' && placement.unreached === 0) this.touched &= ~bit(slot);
    const taken = written.find(({ purpose }) => purpose === 'take')?.placement;
    const withdrawn = written.every(({ placement: { stored, occupied }, placement }) => (stored + occupied) * 2 > totalOf(placement));
    if (taken !== undefined) this.settleTake(taken, expiresAt, inMilliseconds(CONTESTED_RETRY_MILLISECONDS));
    else if (this.failure !== undefined) this.fail(this.failure);
    else if (withdrawn) this.end('withdrawn', expiresAt);
    else this.fail(new LocatorError('PUBLISHING_FAILED', 'The network did not take a pointer back.'));
  }

  private settleTake(placement: Placement, expiresAt: Date, retryAt: Date): void {
    const { stored, occupied, refused, unreached } = placement;
    this.touched |= bit(this.slot);
    if (stored * 2 > totalOf(placement)) {
      this.end('listed', expiresAt);
    } else if (stored > 0 && (occupied === 0 || this.mode === 'settle-for-less')) {
      this.end('listed', retryAt);
    } else if (occupied === 0) {
      this.fail(new LocatorError('PUBLISHING_FAILED', 'The network did not take a pointer.'));
    } else {
      if (stored + refused + unreached === 0) this.touched &= ~bit(this.slot);
      if (stored > 0) this.fallback ??= this.slot;
      this.goOn();
    }
  }

  private goOn(): void {
    const next = this.untried.shift();
    if (next !== undefined) {
      this.slot = next;
    } else if (this.fallback !== undefined && this.mode === 'take') {
      this.mode = 'settle-for-less';
      this.slot = this.fallback;
    } else {
      this.failure = new LocatorError('SLOTS_FULL', 'Other hospitals have all pointer slots of this identifier.');
      this.mode = 'withdraw';
      if (this.touched === 0) this.fail(this.failure);
    }
  }

  private end(state: 'listed' | 'withdrawn', expiresAt: Date): void {
    this.result = { job: this.job, state: { sequence: this.sequence, slot: this.slot, touched: this.touched, state, expiresAt } };
  }
}

/** The members that answered, or should have. */
function totalOf({ stored, occupied, refused, unreached }: Placement): number {
  return stored + occupied + refused + unreached;
}

function bit(slot: number): number {
  return 1 << slot;
}

function slotsOf(touched: number): number[] {
  return Array.from({ length: POINTER_SLOTS }, (_, slot) => slot).filter((slot) => (touched & bit(slot)) !== 0);
}

function preferring(first: number | undefined, order: readonly number[]): number[] {
  return first === undefined ? [...order] : [first, ...order.filter((slot) => slot !== first)];
}
