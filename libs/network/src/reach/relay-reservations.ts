import { errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** Relays of different hospitals at which we keep a place: one may fail, and a second while the first is replaced. */
const WANTED = 3;
/** How often to look whether there are enough, besides when one has ended; and while nobody can reach us. */
const CHECK_MILLISECONDS = 30_000;
const URGENT_MILLISECONDS = 5_000;
/** A relay that refused, or could not be reached, is not asked again for 1, 2, 4, … up to 32 minutes. */
const FIRST_WAIT_MILLISECONDS = 60_000;
const LONGEST_WAIT_MILLISECONDS = 32 * 60_000;
/** Relays that are looked at in one round; a network may have thousands. */
const MAX_CANDIDATES = 64;

/** A member that says it relays. */
export interface RelayCandidate {
  readonly did: string;
  /** Multiaddrs to try. */
  readonly addresses: readonly string[];
}

/** What the keeper uses of its host. */
export interface RelayReservationsOptions {
  /** Members with the capability; hints, in any order. */
  readonly candidates: () => Promise<readonly RelayCandidate[]>;
  /** Connects with a member directly and asks it for a place. */
  readonly reserve: (candidate: RelayCandidate) => Promise<void>;
  /** The hospitals at whose relays we have a place. */
  readonly held: () => readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

/** Keeps places at relays of several hospitals, chosen at random, and replaces those that end. */
export class RelayReservations {
  private readonly waits = new Map<string, { until: Date; milliseconds: number }>();
  private wake: (() => void) | undefined;

  constructor(private readonly options: RelayReservationsOptions) {}

  /** To be called when a place has ended: it is replaced at once. */
  ended(): void {
    this.wake?.();
  }

  /** Works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.fill(signal);
      await this.untilNext(signal);
    }
  }

  /** One round: asks candidates, one at a time, until there are enough places or nobody to ask. */
  async fill(signal: AbortSignal): Promise<void> {
    try {
      if (this.missing() === 0) return;
      const candidates = await this.options.candidates();
      for (const candidate of this.inTurn(candidates)) {
        if (signal.aborted || this.missing() === 0) return;
        if (!this.options.held().includes(candidate.did)) await this.ask(candidate);
      }
      if (this.options.held().length === 0) this.options.logger.warn('no-relay', { candidates: candidates.length });
    } catch (error) {
      this.options.logger.warn('relays-not-found', {}, error);
    }
  }

  private missing(): number {
    return Math.max(0, WANTED - new Set(this.options.held()).size);
  }

  /** At random, so that the relays of a network are used alike; without those that have to wait. */
  private inTurn(candidates: readonly RelayCandidate[]): RelayCandidate[] {
    const { clock, random = Math.random } = this.options;
    const now = clock.now();
    const known = new Set(candidates.map(({ did }) => did));
    for (const did of this.waits.keys()) if (!known.has(did)) this.waits.delete(did);
    const ready = candidates.filter(({ did }) => (this.waits.get(did)?.until ?? now) <= now);
    const drawn = ready.map((candidate) => ({ candidate, at: random() })).sort((one, other) => one.at - other.at);
    return drawn.slice(0, MAX_CANDIDATES).map(({ candidate }) => candidate);
  }

  private async ask(candidate: RelayCandidate): Promise<void> {
    const { reserve, clock, logger } = this.options;
    try {
      await reserve(candidate);
      this.waits.delete(candidate.did);
      logger.info('relay-reserved', { did: candidate.did });
    } catch (error) {
      const before = this.waits.get(candidate.did)?.milliseconds ?? FIRST_WAIT_MILLISECONDS / 2;
      const milliseconds = Math.min(before * 2, LONGEST_WAIT_MILLISECONDS);
      this.waits.set(candidate.did, { until: later(clock.now(), milliseconds), milliseconds });
      logger.debug('relay-refused', { did: candidate.did, code: errorCodeOf(error, 'REFUSED'), retryInMilliseconds: milliseconds });
    }
  }

  private async untilNext(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const woken = new AbortController();
    this.wake = () => woken.abort();
    const wait = this.options.held().length === 0 ? URGENT_MILLISECONDS : CHECK_MILLISECONDS;
    await clock.sleepUntil(later(clock.now(), wait), AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    this.wake = undefined;
  }
}
