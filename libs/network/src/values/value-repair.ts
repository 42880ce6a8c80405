import { BoundedCache, later, RateLimiter } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { NetworkError } from '../network-error.ts';
import type { Observer } from '../health/ports.ts';
import type { Member, NetworkHost, RepairReport } from '../ports.ts';
import type { Routing } from '../routing/ports.ts';
import { forEachAtMost } from './at-most.ts';
import { decodeHave, decodeMissing, encodeHave, encodeMissing, HAVE_PROTOCOL, haveDigest, MAX_HAVE_VALUES } from './have-protocol.ts';
import type { HaveRequest } from './have-protocol.ts';
import { idOf, placeId } from './placement.ts';
import { readHere } from './read-answers.ts';
import { exploreRegion } from './regions.ts';
import type { Region } from './regions.ts';
import type { DhtValueStore, ValueHeader } from './value-store-port.ts';
import type { CheckedValue } from './value-rules.ts';
import type { ValueSender } from './value-sender.ts';

/** Headers that are looked at together, some 300 bytes each. */
const PAGE = 2_048;
/** Values that are read to be handed over at once. */
const HAND_OVER_AT_ONCE = 512;
/** Members that are asked at once. */
const MEMBERS_AT_ONCE = 4;
/**
 * What a storer looks through to answer one question, beside a page: so many for each value asked about. Two storers of a region keep much the
 * same; whoever names one value and the whole key space is not to cost it half a second of work.
 */
const LOOKED_THROUGH_PER_VALUE = 32;
/**
 * One member's part of a region is left for the next repair after so long: whoever takes what it is given ever so slowly must not keep us from
 * repairing what is with others.
 */
const MEMBER_MILLISECONDS = 3 * 60 * 1000;
/** Headers that one member may have us look through: those of six hospitals of the largest, every ten minutes; ten seconds of work at once. */
const LOOKED_THROUGH = { burst: 1_000_000, perSecond: 10_000 };
/** Values that members are remembered to have, some 100 bytes each: who is found without them has broken its word. */
const MAX_PROMISES = 20_000;

/** What {@link ValueRepair} works with. */
export interface ValueRepairOptions {
  readonly routing: Routing;
  readonly ask: NetworkHost['request'];
  readonly sender: ValueSender;
  readonly store: DhtValueStore;
  readonly observer: Observer;
  readonly ownDid: string;
  readonly replication: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A value that is looked after, and how many have it. */
interface Checked {
  readonly header: ValueHeader;
  readonly digest: string;
  /** Members that should have it, as they are now. */
  readonly closest: readonly string[];
  copies: number;
  /** Members where another owner's value stands: nothing can be repaired there before that expires. */
  contested: number;
}

/** Brings what we store to the members that are responsible for it now, and lets go of what we are not. */
export class ValueRepair {
  private readonly promises = new BoundedCache<number>({ entries: MAX_PROMISES });
  private readonly lookedThrough: RateLimiter;
  private running: Promise<RepairReport> | undefined;
  private repairedAt: Date | undefined;
  private underReplicated = 0;
  private handedOver = 0;

  constructor(private readonly options: ValueRepairOptions) {
    this.lookedThrough = new RateLimiter(LOOKED_THROUGH, options.clock);
  }

  /** Goes once through all values in the order of their placements; a call while one is at work gets that one's report. */
  run(signal: AbortSignal): Promise<RepairReport> {
    this.running ??= this.work(signal).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** How the last repair ended, and how many values were handed over by all of them. */
  get state(): { readonly repairedAt: Date | undefined; readonly underReplicated: number; readonly handedOver: number } {
    const { repairedAt, underReplicated, handedOver } = this;
    return { repairedAt, underReplicated, handedOver };
  }

  /**
   * Answers `/carecord/values/have/1`.
   * @throws NetworkError `TOO_MANY_VALUES` when the member has had us look through too much
   */
  async answer(request: HaveRequest, { did }: Pick<Member, 'did'>): Promise<{ missing: Uint8Array }> {
    const items = decodeHave(request);
    const wanted = new Map(items.map(({ digest, sequence }) => [digest, sequence]));
    const here = new Set<string>();
    for await (const headers of this.pages(request.from, request.until, PAGE + LOOKED_THROUGH_PER_VALUE * items.length)) {
      if (!this.lookedThrough.take(did, headers.length)) throw new NetworkError('TOO_MANY_VALUES', 'A member asks too often which values are here.');
      for (const header of headers) {
        const digest = idOf(haveDigest(header));
        const sequence = wanted.get(digest);
        if (sequence !== undefined && BigInt(header.sequence) >= sequence) here.add(digest);
      }
    }
    return { missing: encodeMissing(items.map(({ digest }) => !here.has(digest))) };
  }

  private async work(signal: AbortSignal): Promise<RepairReport> {
    const report = { checked: 0, handedOver: 0, underReplicated: 0 };
    const { routing, replication } = this.options;
    let region: Region | undefined;
    for await (const page of this.pages()) {
      for (let rest = page; rest.length > 0; ) {
        signal.throwIfAborted();
        const { placement } = rest[0] as ValueHeader;
        if (region?.covers(placement) !== true) region = await exploreRegion(routing, placement, replication, signal);
        const known = region;
        const end = rest.findIndex((header) => !known.covers(header.placement));
        const inside = end === -1 ? rest : rest.slice(0, end);
        const handedOver = await this.repairRegion(known, inside, report, signal);
        report.handedOver += handedOver;
        this.handedOver += handedOver;
        rest = rest.slice(inside.length);
      }
    }
    this.repairedAt = this.options.clock.now();
    this.underReplicated = report.underReplicated;
    return report;
  }

  private async repairRegion(region: Region, headers: readonly ValueHeader[], report: { checked: number; underReplicated: number }, signal: AbortSignal): Promise<number> {
    const { ownDid, replication } = this.options;
    const checked = headers.map((header): Checked => {
      const closest = region.closestTo(header.placement, replication);
      return { header, digest: idOf(haveDigest(header)), closest, copies: closest.includes(ownDid) ? 1 : 0, contested: 0 };
    });
    const byMember = new Map<string, Checked[]>();
    for (const value of checked) {
      for (const did of value.closest) {
        if (did === ownDid) continue;
        const share = byMember.get(did) ?? [];
        share.push(value);
        byMember.set(did, share);
      }
    }
    let handedOver = 0;
    await forEachAtMost(MEMBERS_AT_ONCE, byMember, async ([did, values]) => {
      handedOver += await this.repairMember(did, values, signal);
    });
    report.checked += checked.length;
    report.underReplicated += checked.filter(({ closest, contested, copies }) => copies + contested < closest.length).length;
    await this.letGo(checked);
    return handedOver;
  }

  /** @returns how many values the member had to be given */
  private async repairMember(did: string, values: readonly Checked[], signal: AbortSignal): Promise<number> {
    const { clock } = this.options;
    const until = later(clock.now(), MEMBER_MILLISECONDS);
    let handedOver = 0;
    try {
      for (let from = 0; from < values.length && clock.now() < until; from += MAX_HAVE_VALUES) {
        const part = values.slice(from, from + MAX_HAVE_VALUES);
        const missing = await this.missingAt(did, part, signal);
        for (const value of part) if (!missing.includes(value)) this.counts(did, value);
        for (let at = 0; at < missing.length && clock.now() < until; at += HAND_OVER_AT_ONCE) handedOver += await this.handOver(did, missing.slice(at, at + HAND_OVER_AT_ONCE), signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NetworkError)) throw error;
      this.options.logger.debug('member-not-repaired', { did, code: error.code });
    }
    return handedOver;
  }

  private async missingAt(did: string, values: readonly Checked[], signal: AbortSignal): Promise<Checked[]> {
    const { ask, observer } = this.options;
    const { missing } = await ask(HAVE_PROTOCOL, did, encodeHave(values.map(({ header }) => header)), { signal });
    const bits = decodeMissing(missing, values.length);
    if (bits === undefined) {
      observer.observe(did, { kind: 'malformed' });
      throw new NetworkError('RESPONSE_INVALID', 'A member answered about other values than it was asked for.');
    }
    return values.filter((_, at) => bits[at]);
  }

  private async handOver(did: string, values: readonly Checked[], signal: AbortSignal): Promise<number> {
    const found = await readHere(values.map(({ header }) => ({ kind: header.namespace, key: header.key })), this.options);
    const byPlace = new Map(values.map((value) => [placeId(value.header.namespace, value.header.key), value]));
    const given = found.flat().map(({ namespace, key, value, attachment }): CheckedValue => ({ namespace, key, value, ...(attachment && { attachment }) }));
    let handedOver = 0;
    let hasBroken = false;
    for await (const { values: sent, outcomes } of this.options.sender.send({ to: did, role: 'storer', values: given, signal })) {
      for (const [at, { namespace, key }] of sent.entries()) {
        const value = byPlace.get(placeId(namespace, key));
        const outcome = outcomes[at];
        if (value !== undefined && outcome === 'occupied') value.contested += 1;
        if (value === undefined || (outcome !== 'stored' && outcome !== 'unchanged' && outcome !== 'older')) continue;
        // Only who had to be given it again has lost it: a question about many values may have been answered for a part of them.
        hasBroken ||= outcome === 'stored' && this.promises.get(promiseId(did, value)) === value.header.sequence;
        // Who has seen a newer one has no need of ours.
        this.counts(did, value);
        if (outcome === 'stored') handedOver += 1;
      }
    }
    if (hasBroken) this.options.observer.observe(did, { kind: 'broken-promise' });
    return handedOver;
  }

  private counts(did: string, value: Checked): void {
    value.copies += 1;
    this.promises.set(promiseId(did, value), value.header.sequence);
  }

  /** What we are not responsible for any more stays here until all who are have it. */
  private async letGo(checked: readonly Checked[]): Promise<void> {
    const { store, ownDid, replication } = this.options;
    const needless = checked.filter(({ header, closest, copies }) => !header.own && !closest.includes(ownDid) && copies >= replication);
    for (let from = 0; from < needless.length; from += HAND_OVER_AT_ONCE) await store.drop(needless.slice(from, from + HAND_OVER_AT_ONCE).map(({ header }) => header));
  }

  private async *pages(from?: Uint8Array, until?: Uint8Array, atMost = Infinity): AsyncGenerator<ValueHeader[], void> {
    const { store, clock } = this.options;
    let after: ValueHeader | undefined;
    for (let seen = 0; seen < atMost; seen += PAGE) {
      const page = await store.page({ ...(after && { after }), ...(from && { from }), ...(until && { until }), limit: PAGE, now: clock.now() });
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1);
    }
  }
}

function promiseId(did: string, { digest }: Checked): string {
  return `${did} ${digest}`;
}
