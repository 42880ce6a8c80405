import type { Clock, Logger } from '@carecord/core';
import { setImmediate } from 'node:timers/promises';
import { NetworkError } from '../network-error.ts';
import type { Observer } from '../health/ports.ts';
import type { DhtEntry, Placement, PublishOptions } from '../ports.ts';
import type { Routing } from '../routing/ports.ts';
import { attachmentHashOf } from './attachment-hash.ts';
import { forEachAtMost } from './at-most.ts';
import { placeId } from './placement.ts';
import { placementCounts, Publication } from './publication.ts';
import type { PublishedValue } from './publication.ts';
import { exploreRegion } from './regions.ts';
import type { Region } from './regions.ts';
import { chargedBatch, PUBLISHER_CAP } from './storer.ts';
import { valuePlaceOf } from './value-store-port.ts';
import type { DhtValueStore, NewValue, PutOutcome } from './value-store-port.ts';
import type { ValueRules } from './value-rules.ts';
import type { ValueSender } from './value-sender.ts';

/** Members that are sent to at once: each message has up to a mebibyte. */
const DELIVERIES_AT_ONCE = 8;
/** Walks over parts of the key space at once: a lookup waits for the network most of the time. */
const WALKS_AT_ONCE = 6;
/** How many of the next closest members are tried in the place of those that do not answer; repair does the rest. */
const MAX_REPLACEMENTS = 4;
/** Values that go into our own store at once, and are checked before others have their turn. */
const OWN_BATCH = 512;

/** What {@link ValuePublisher} works with. */
export interface ValuePublisherOptions {
  readonly routing: Routing;
  readonly rules: ValueRules;
  readonly store: DhtValueStore;
  readonly sender: ValueSender;
  readonly observer: Observer;
  readonly ownDid: string;
  /** How many members keep each value. */
  readonly replication: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One publication under way. */
interface Sweep {
  readonly publication: Publication;
  readonly signal: AbortSignal;
}

/** Publishes values by a sweep over the key space: region by region, and to each member there all that it should have. */
export class ValuePublisher {
  constructor(private readonly options: ValuePublisherOptions) {}

  /**
   * See `NetworkHost.publish`.
   * @throws NetworkError `VALUE_REFUSED`, before anything is sent; the signal's reason
   */
  async publish(entries: readonly DhtEntry[], { signal, onProgress }: PublishOptions, stopped: AbortSignal): Promise<Placement[]> {
    const ended = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
    const values = await this.keepOwn(entries, ended);
    const publication = new Publication(values.length, onProgress);
    await this.sweep(byPlacement(values), { publication, signal: ended });
    return values.map(placementCounts);
  }

  /** Checks all values, and then keeps each in our own store, whoever is responsible for it. */
  private async keepOwn(entries: readonly DhtEntry[], signal: AbortSignal): Promise<PublishedValue[]> {
    const checked: { readonly entry: DhtEntry; readonly value: Omit<NewValue, 'chargedBytes'> }[] = [];
    for (const entry of entries) {
      if (checked.length % OWN_BATCH === OWN_BATCH - 1) await setImmediate();
      signal.throwIfAborted();
      checked.push({ entry, value: await this.check(entry) });
    }
    const published: PublishedValue[] = [];
    for (let from = 0; from < checked.length; from += OWN_BATCH) {
      signal.throwIfAborted();
      const part = checked.slice(from, from + OWN_BATCH);
      const outcomes = await this.putOwn(part);
      for (const [at, { entry, value }] of part.entries()) published.push(publishedValue(entry, value.placement, outcomes[at] ?? 'older'));
    }
    return published;
  }

  private async check(entry: DhtEntry): Promise<Omit<NewValue, 'chargedBytes'>> {
    const { rules } = this.options;
    const place = valuePlaceOf(entry);
    const { value, attachment } = entry;
    const placement = rules.placement(place);
    const { owner, sequence, expiresAt } = await rules.check({ ...place, value, ...(attachment && { attachment }) });
    return { ...place, placement, owner, sequence, expiresAt, value, attachmentHash: attachment && attachmentHashOf(attachment) };
  }

  private async putOwn(part: readonly { readonly entry: DhtEntry; readonly value: Omit<NewValue, 'chargedBytes'> }[]): Promise<PutOutcome[]> {
    const { store, ownDid, clock } = this.options;
    // One call knows no place twice; of two values for one the later one is put later.
    const rounds: { at: number; value: Omit<NewValue, 'chargedBytes'>; attachment: Uint8Array | undefined }[][] = [];
    const times = new Map<string, number>();
    for (const [at, { entry, value }] of part.entries()) {
      const id = placeId(value.namespace, value.key);
      const round = times.get(id) ?? 0;
      times.set(id, round + 1);
      (rounds[round] ??= []).push({ at, value, attachment: entry.attachment });
    }
    const outcomes: PutOutcome[] = [];
    for (const round of rounds) {
      const batch = { ...chargedBatch(round), source: { did: ownDid, role: 'own' as const }, cap: PUBLISHER_CAP, now: clock.now() };
      const kept = await store.put(batch).catch((cause: unknown) => {
        throw new NetworkError('PUBLISHING_FAILED', 'Values could not be kept in our own store.', { cause });
      });
      for (const [index, { at }] of round.entries()) outcomes[at] = kept[index] ?? 'older';
    }
    return outcomes;
  }

  /** @param values in the order of their placements */
  private async sweep(values: readonly PublishedValue[], sweep: Sweep): Promise<void> {
    const [first] = values;
    if (first === undefined) return;
    const rest = values.slice(await this.publishRegion(values, sweep));
    const length = Math.ceil(rest.length / WALKS_AT_ONCE);
    const walks = Array.from({ length: WALKS_AT_ONCE }, (_, at) => rest.slice(at * length, (at + 1) * length));
    await Promise.all(walks.map((walk) => this.walk(walk, sweep)));
  }

  private async walk(values: readonly PublishedValue[], sweep: Sweep): Promise<void> {
    for (let rest = values; rest.length > 0; ) rest = rest.slice(await this.publishRegion(rest, sweep));
  }

  /** Publishes the values at the beginning that stand in one region with the first. @returns how many */
  private async publishRegion(values: readonly PublishedValue[], sweep: Sweep): Promise<number> {
    const { routing, replication } = this.options;
    const region = await exploreRegion(routing, (values[0] as PublishedValue).placement, replication, sweep.signal);
    const end = values.findIndex(({ placement }) => !region.covers(placement));
    const inside = end === -1 ? values : values.slice(0, end);
    this.assign(region, inside, sweep.publication);
    await this.deliver(inside, sweep);
    return inside.length;
  }

  private assign(region: Region, values: readonly PublishedValue[], publication: Publication): void {
    const { replication, observer, ownDid } = this.options;
    for (const value of values) {
      const closest = region.closestTo(value.placement, replication + MAX_REPLACEMENTS);
      // Whoever misbehaved of late is given values when there are not enough others.
      const shunned = closest.filter((did) => observer.isShunned(did));
      value.candidates = [...closest.filter((did) => !shunned.includes(did)), ...shunned];
      value.wanted = Math.min(replication, closest.length);
      if (!value.candidates.slice(0, value.wanted).includes(ownDid)) value.candidates = value.candidates.filter((did) => did !== ownDid);
      else publication.count(value, value.own);
    }
  }

  /** Sends until every value has its storers, or there is nobody left to try. */
  private async deliver(values: readonly PublishedValue[], sweep: Sweep): Promise<void> {
    const { ownDid } = this.options;
    for (let open = values; open.length > 0; ) {
      const byMember = new Map<string, PublishedValue[]>();
      const assigned = new Set<PublishedValue>();
      for (const value of open) {
        const takenCare = (): number => value.stored + value.occupied + value.refused + value.pending;
        while (takenCare() < value.wanted) {
          const did = sweep.publication.nextFor(value);
          if (did === undefined) break;
          if (did === ownDid) continue;
          value.pending += 1;
          assigned.add(value);
          const share = byMember.get(did) ?? [];
          share.push(value);
          byMember.set(did, share);
        }
      }
      sweep.publication.progress(open.filter((value) => !assigned.has(value)));
      await forEachAtMost(DELIVERIES_AT_ONCE, byMember, ([did, share]) => this.sendShare(did, share, sweep));
      open = [...assigned];
    }
  }

  private async sendShare(to: string, share: readonly PublishedValue[], { publication, signal }: Sweep): Promise<void> {
    const unanswered = new Set(share);
    try {
      const delivery = { to, role: 'publisher' as const, values: share, signal, onSent: (bytes: number) => publication.sent(bytes) };
      for await (const { values, outcomes } of this.options.sender.send(delivery)) {
        for (const [at, value] of values.entries()) {
          unanswered.delete(value);
          value.pending -= 1;
          publication.count(value, outcomes[at] ?? 'invalid');
        }
        publication.progress(values.filter((value) => value.stored + value.occupied + value.refused >= value.wanted));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NetworkError)) throw error;
      publication.dead.add(to);
      for (const value of unanswered) value.pending -= 1;
      this.options.logger.debug('values-not-delivered', { to, values: unanswered.size, code: error.code });
    }
  }
}

function publishedValue(entry: DhtEntry, placement: Uint8Array, own: PutOutcome): PublishedValue {
  const { value, attachment } = entry;
  const counts = { stored: 0, occupied: 0, refused: 0, pending: 0, tried: 0, wanted: 0 };
  return { ...valuePlaceOf(entry), value, ...(attachment && { attachment }), placement, own, candidates: [], settled: false, ...counts };
}

function byPlacement(values: readonly PublishedValue[]): PublishedValue[] {
  return [...values].sort((one, other) => Buffer.compare(one.placement, other.placement));
}
