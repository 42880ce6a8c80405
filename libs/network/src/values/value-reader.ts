import type { Clock, Logger } from '@carecord/core';
import { NetworkError } from '../network-error.ts';
import { orAborted } from '../abort.ts';
import type { Counters, Observer } from '../health/ports.ts';
import type { NetworkHost } from '../ports.ts';
import type { Routing } from '../routing/ports.ts';
import { check, checkAnswer } from './answer-check.ts';
import type { GivenValue } from './answer-check.ts';
import { forEachAtMost } from './at-most.ts';
import { OpenPlace } from './open-place.ts';
import type { Quorum } from './open-place.ts';
import { idOf } from './placement.ts';
import { readHere } from './read-answers.ts';
import { MAX_READ_PLACES, READ_PROTOCOL } from './read-protocol.ts';
import type { ReadQuestion } from './read-protocol.ts';
import { exploreRegion, LOOKUP_WIDTH } from './regions.ts';
import type { Region } from './regions.ts';
import type { ValueRules } from './value-rules.ts';
import type { DhtValueStore } from './value-store-port.ts';

/** How long a read waits. */
export interface ReadPatience {
  /** It ends here with what there is by then. */
  readonly endMilliseconds: number;
  /** A member that has not answered by then is overtaken by the next closest one. */
  readonly hedgeMilliseconds: number;
}

/** A lookup is in a clinician's way; most members answer within a tenth of the shorter time. */
const READ_PATIENCE: ReadPatience = { endMilliseconds: 4_500, hedgeMilliseconds: 700 };
/** So many places are all slots of a patient's identifiers and recipes; a read of more is a batch, which nobody waits for at a desk, */
const PLACES_OF_A_LOOKUP = 128;
/** and each place more gives it, and each member that is asked for it, some time more: checks of signatures take a part of a millisecond. */
const MILLISECONDS_A_PLACE = 10;
/** Lookups of one read at once. */
const LOOKUPS_AT_ONCE = 4;

/** What {@link ValueReader} works with. */
export interface ValueReaderOptions {
  readonly routing: Routing;
  readonly ask: NetworkHost['request'];
  readonly rules: ValueRules;
  readonly store: Pick<DhtValueStore, 'read' | 'readGroups' | 'attachments'>;
  readonly observer: Observer;
  readonly counters: Counters;
  readonly ownDid: string;
  readonly replication: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default 4.5 s, and 0.7 s until a member is overtaken */
  readonly readPatience?: ReadPatience;
}

/** What was found at one place. */
export interface PlaceReading {
  /** The newest valid value of each owner. */
  readonly values: readonly GivenValue[];
  readonly complete: boolean;
  /** Members that gave an older value than the newest of its owner. */
  readonly behind: readonly { readonly did: string; readonly value: GivenValue }[];
}

/** Reads many places at once. */
export class ValueReader {
  constructor(private readonly options: ValueReaderOptions) {}

  /**
   * Asks our own store, then the closest members that we know, each for all of its places together; overtakes those that are
   * slow, and looks for closer ones where that was not enough. In the order given.
   * @throws the signal's reason
   */
  async read(questions: readonly { readonly question: ReadQuestion; readonly placement: Uint8Array }[], quorum: Quorum, signal: AbortSignal): Promise<PlaceReading[]> {
    const { readPatience = READ_PATIENCE } = this.options;
    const places = this.openPlaces(questions, quorum);
    await this.readOwn(places);
    const timeout = AbortSignal.timeout(forPlaces(readPatience.endMilliseconds, places.length));
    const reading = new Reading(places, { ...this.options, readPatience }, AbortSignal.any([signal, timeout]));
    await reading.run();
    signal.throwIfAborted();
    return places.map(({ values, isComplete, behind }) => ({ values, complete: isComplete, behind }));
  }

  private openPlaces(questions: readonly { readonly question: ReadQuestion; readonly placement: Uint8Array }[], quorum: Quorum): OpenPlace[] {
    const { routing, observer, replication } = this.options;
    const known = new Map<string, { readonly candidates: readonly string[]; readonly shunned: ReadonlySet<string>; readonly isAll: boolean }>();
    return questions.map(({ question, placement }) => {
      const id = idOf(placement);
      let near = known.get(id);
      if (near === undefined) {
        const dids = routing.nearest(placement, LOOKUP_WIDTH).map(({ did }) => did);
        near = { candidates: dids, shunned: new Set(dids.filter((did) => observer.isShunned(did))), isAll: dids.length < LOOKUP_WIDTH };
        known.set(id, near);
      }
      const place = new OpenPlace(question, placement, near.candidates, quorum, replication, this.options.ownDid, near.shunned);
      place.isExplored = near.isAll;
      return place;
    });
  }

  private async readOwn(places: readonly OpenPlace[]): Promise<void> {
    const { rules, routing, ownDid, replication } = this.options;
    const here = await readHere(places.map(({ question }) => question), this.options);
    for (const [at, place] of places.entries()) {
      const stored = here[at] ?? [];
      const values: GivenValue[] = [];
      for (const { namespace, key, value, attachment } of stored) {
        const given = await check({ namespace, key, value, ...(attachment && { attachment }) }, rules);
        if (typeof given !== 'string') values.push(given);
      }
      const shouldKnow = values.some((_, index) => stored[index]?.own) || routing.nearest(place.placement, replication).some(({ did }) => did === ownDid);
      if (shouldKnow) place.answer(ownDid, values);
      else place.hint(values, ownDid);
    }
  }
}

/** One read under way. */
class Reading {
  private working = 0;
  private wake: () => void = () => undefined;
  private readonly regions: Region[] = [];

  constructor(
    private readonly places: readonly OpenPlace[],
    private readonly options: Required<ValueReaderOptions>,
    private readonly signal: AbortSignal,
  ) {}

  /** Ends when every place is settled, there is nobody left to ask, or the time is over. */
  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const open = this.places.filter((place) => !place.isSettled);
      if (open.length === 0) return;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.wake = () => resolve(undefined);
      this.askNext(open);
      this.explore(open.filter((place) => place.wantsExploring));
      if (this.working === 0) return;
      await orAborted(promise, this.signal).catch(() => undefined);
    }
  }

  private askNext(open: readonly OpenPlace[]): void {
    const byMember = new Map<string, OpenPlace[]>();
    for (const place of open) {
      for (const did of place.takeNext()) {
        const share = byMember.get(did) ?? [];
        share.push(place);
        byMember.set(did, share);
      }
    }
    for (const [did, places] of byMember) {
      for (let from = 0; from < places.length; from += MAX_READ_PLACES) {
        const part = places.slice(from, from + MAX_READ_PLACES);
        this.work(() => this.askMember(did, part));
      }
    }
  }

  /** Asks a member until it has left nothing over. */
  private async askMember(did: string, places: readonly OpenPlace[]): Promise<void> {
    const { ask, rules, observer, counters, logger, readPatience } = this.options;
    const slow = setTimeout(() => {
      for (const place of places) place.overtake(did);
      this.wake();
    }, forPlaces(readPatience.hedgeMilliseconds, places.length));
    let open = places;
    try {
      while (open.length > 0) {
        const questions = open.map(({ question }) => question);
        const answer = await ask(READ_PROTOCOL, did, { places: questions }, { signal: this.signal });
        const checked = await checkAnswer(did, questions, answer, { rules, observer, counters });
        if (checked === undefined) break;
        const left = open.filter((_, at) => checked.values[at] === undefined);
        for (const [at, place] of open.entries()) if (checked.values[at] !== undefined) place.answer(did, checked.values[at]);
        if (left.length === open.length) break;
        open = left;
      }
    } catch (error) {
      if (!this.signal.aborted && !(error instanceof NetworkError)) throw error;
      logger.debug('values-not-read', { from: did, places: open.length });
    } finally {
      clearTimeout(slow);
      for (const place of open) place.fail(did);
    }
  }

  private explore(places: readonly OpenPlace[]): void {
    if (places.length === 0) return;
    for (const place of places) place.isExploring = true;
    this.work(() => forEachAtMost(LOOKUPS_AT_ONCE, places, (place) => this.exploreOne(place)));
  }

  private async exploreOne(place: OpenPlace): Promise<void> {
    const { routing, replication } = this.options;
    try {
      let region = this.regions.find((known) => known.covers(place.placement));
      if (region === undefined) {
        region = await exploreRegion(routing, place.placement, replication, this.signal);
        this.regions.push(region);
      }
      place.explored(region.closestTo(place.placement, LOOKUP_WIDTH));
      this.wake();
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
  }

  /** Does something beside the loop, and lets the loop go on when it has ended. */
  private work(doIt: () => Promise<void>): void {
    this.working += 1;
    void doIt()
      .catch((error: unknown) => this.options.logger.warn('read-failed', {}, error))
      .finally(() => {
        this.working -= 1;
        this.wake();
      });
  }
}

/** A time limit for a read of so many places, in milliseconds. */
function forPlaces(milliseconds: number, places: number): number {
  return milliseconds + Math.max(0, places - PLACES_OF_A_LOOKUP) * MILLISECONDS_A_PLACE;
}
