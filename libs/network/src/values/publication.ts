import type { Placement, PublishProgress } from '../ports.ts';
import type { StoreOutcome } from './store-protocol.ts';
import type { CheckedValue } from './value-rules.ts';

/** A value that is being published, and how it was taken so far. */
export interface PublishedValue extends CheckedValue {
  readonly placement: Uint8Array;
  /** How our own store took it. */
  own: StoreOutcome;
  /** Whom to give it to, the closest first; more than needed, for those that do not answer. */
  candidates: readonly string[];
  /** How many of the candidates were given it, or passed over. */
  tried: number;
  /** Storers that it should have, as far as there are so many. */
  wanted: number;
  stored: number;
  occupied: number;
  refused: number;
  /** Deliveries that have not ended. */
  pending: number;
  settled: boolean;
}

/** What is known of all values of one publication. */
export class Publication {
  /** Members that did not answer: nothing more is sent to them. */
  readonly dead = new Set<string>();
  private settled = 0;
  private messages = 0;
  private bytes = 0;

  constructor(
    private readonly total: number,
    private readonly onProgress: ((progress: PublishProgress) => void) | undefined,
  ) {}

  /** A message has gone out. */
  sent(bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
  }

  /** Counts one storer's answer. */
  count(value: PublishedValue, outcome: StoreOutcome): void {
    if (outcome === 'stored' || outcome === 'unchanged') value.stored += 1;
    else if (outcome === 'occupied') value.occupied += 1;
    else value.refused += 1;
  }

  /** The next member to give the value to; `undefined` when there is nobody left. */
  nextFor(value: PublishedValue): string | undefined {
    for (; value.tried < value.candidates.length; ) {
      const candidate = value.candidates[value.tried++];
      if (candidate !== undefined && !this.dead.has(candidate)) return candidate;
    }
    return undefined;
  }

  /** Tells how far it has come; to be called after each message, with the values that it was about. */
  progress(values: readonly PublishedValue[]): void {
    for (const value of values) {
      if (value.settled || value.pending > 0) continue;
      value.settled = true;
      this.settled += 1;
    }
    this.onProgress?.({ settled: this.settled, total: this.total, messages: this.messages, bytes: this.bytes });
  }
}

/** How a value was taken in the end. */
export function placementCounts({ stored, occupied, refused, wanted }: PublishedValue): Placement {
  return { stored, occupied, refused, unreached: Math.max(0, wanted - stored - occupied - refused) };
}
