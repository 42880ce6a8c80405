import type { Clock } from '@carecord/core';
import { setImmediate } from 'node:timers/promises';
import type { Counters, Observer } from '../health/ports.ts';
import type { Member } from '../ports.ts';
import { nodeIdOf, sharedBits } from '../routing/node-id.ts';
import type { Routing } from '../routing/ports.ts';
import { attachmentHashOf } from './attachment-hash.ts';
import { isRefusal } from './refusal.ts';
import { idOf, placeId } from './placement.ts';
import type { StoreOutcome, StoreRequest } from './store-protocol.ts';
import { UnjudgedValue } from './value-rules.ts';
import type { CheckedValue, ValueRules } from './value-rules.ts';
import type { DhtValueStore, NewValue, SourceCap, ValueSource } from './value-store-port.ts';

/** Members that are asked for one place: whoever is not among so many closest to it will not be looked for there. */
const MAX_CLOSER = 20;
/** Values that are checked before others have their turn: some hundred signatures take a few milliseconds each thousand. */
const CHECKS_AT_A_STRETCH = 128;
/**
 * What one member may have here by publishing. In a network of six hospitals each keeps nearly all: 100,000 patients with a reference and
 * pointers for four identifiers or recipes each, in two epochs, are 900,000 values and 4 GiB; dummies are among the four.
 */
export const PUBLISHER_CAP: SourceCap = { values: 1_000_000, bytes: 6 * 1024 ** 3 };
/** And by handing over what others published: a storer that many of its neighbours have just left has the values of all of them. */
export const STORER_CAP: SourceCap = { values: 2_000_000, bytes: 12 * 1024 ** 3 };

/** What {@link Storer} works with. */
export interface StorerOptions {
  readonly rules: ValueRules;
  readonly store: DhtValueStore;
  readonly routing: Pick<Routing, 'nearest'>;
  readonly ownDid: string;
  readonly observer: Observer;
  readonly counters: Counters;
  readonly clock: Clock;
}

/** A value on its way into the store. */
interface Candidate extends CheckedValue {
  readonly position: number;
}

/** Keeps what others give us, under the rules. */
export class Storer {
  private readonly ownId: Uint8Array;

  constructor(private readonly options: StorerOptions) {
    this.ownId = nodeIdOf(options.ownDid);
  }

  /** Answers `/carecord/values/store/1`: each value by itself. */
  async store(request: StoreRequest, from: Pick<Member, 'did'>): Promise<StoreOutcome[]> {
    const source: ValueSource = { did: from.did, role: request.role };
    const outcomes: StoreOutcome[] = request.values.map(() => 'invalid');
    const isNear = this.nearness();
    const admitted: { readonly position: number; readonly value: Omit<NewValue, 'chargedBytes'>; readonly attachment: Uint8Array | undefined }[] = [];
    const seen = new Set<string>();
    for (const candidate of candidatesOf(request)) {
      if (candidate.position % CHECKS_AT_A_STRETCH === CHECKS_AT_A_STRETCH - 1) await setImmediate();
      const judged = await this.judge(candidate, isNear);
      const id = placeId(candidate.namespace, candidate.key);
      if (typeof judged === 'string') outcomes[candidate.position] = judged;
      else if (!seen.has(id)) admitted.push({ position: candidate.position, value: judged, attachment: candidate.attachment });
      seen.add(id);
    }
    const kept = await this.keep(source, admitted);
    for (const [at, { position }] of admitted.entries()) outcomes[position] = kept[at] ?? 'invalid';
    this.report(from.did, outcomes);
    return outcomes;
  }

  private async judge(candidate: Candidate, isNear: (placement: Uint8Array) => boolean): Promise<Omit<NewValue, 'chargedBytes'> | StoreOutcome> {
    const { namespace, key, value, attachment } = candidate;
    try {
      const placement = this.options.rules.placement(candidate);
      if (!isNear(placement)) return 'distant';
      const { owner, sequence, expiresAt } = await this.options.rules.check(candidate);
      const attachmentHash = attachment && attachmentHashOf(attachment);
      return { namespace, key, placement, owner, sequence, expiresAt, value, attachmentHash };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return error instanceof UnjudgedValue ? 'unknown' : 'invalid';
    }
  }

  private keep(
    source: ValueSource,
    admitted: readonly { readonly value: Omit<NewValue, 'chargedBytes'>; readonly attachment: Uint8Array | undefined }[],
  ): ReturnType<DhtValueStore['put']> {
    const { store, clock } = this.options;
    return store.put({ ...chargedBatch(admitted), source, cap: source.role === 'storer' ? STORER_CAP : PUBLISHER_CAP, now: clock.now() });
  }

  /**
   * Whether we are close enough to a placement to keep its values. What shares as many bits with us as all of our twenty nearest
   * neighbours do certainly is; for the rest the routing table is asked.
   */
  private nearness(): (placement: Uint8Array) => boolean {
    const { routing, ownDid } = this.options;
    const neighbours = routing.nearest(this.ownId, MAX_CLOSER + 1);
    const farthest = neighbours.at(-1);
    if (farthest === undefined || neighbours.length <= MAX_CLOSER) return () => true;
    const bits = sharedBits(this.ownId, farthest.nodeId);
    return (placement) => sharedBits(this.ownId, placement) > bits || routing.nearest(placement, MAX_CLOSER).some(({ did }) => did === ownDid);
  }

  private report(did: string, outcomes: readonly StoreOutcome[]): void {
    const { observer, counters } = this.options;
    for (const outcome of outcomes) {
      if (outcome === 'invalid' || outcome === 'distant') counters.dropped('VALUE_REFUSED');
      if (outcome === 'full') counters.dropped('SOURCE_FULL');
    }
    if (outcomes.includes('invalid')) observer.observe(did, { kind: 'invalid-value' });
  }
}

/** Values and their attachments as the store takes them: each value is charged with its share of its attachment. */
export function chargedBatch(
  entries: readonly { readonly value: Omit<NewValue, 'chargedBytes'>; readonly attachment: Uint8Array | undefined }[],
): { readonly values: NewValue[]; readonly attachments: { readonly hash: Uint8Array; readonly bytes: Uint8Array }[] } {
  const shared = new Map<string, { readonly hash: Uint8Array; readonly bytes: Uint8Array; users: number }>();
  for (const { attachment } of entries) {
    if (attachment === undefined) continue;
    const hash = attachmentHashOf(attachment);
    const known = shared.get(idOf(hash)) ?? { hash, bytes: attachment, users: 0 };
    known.users += 1;
    shared.set(idOf(hash), known);
  }
  const values = entries.map(({ value }) => {
    const attachment = value.attachmentHash && shared.get(idOf(value.attachmentHash));
    const share = attachment === undefined ? 0 : Math.ceil(attachment.bytes.length / attachment.users);
    return { ...value, chargedBytes: value.value.length + value.key.length + share };
  });
  return { values, attachments: [...shared.values()].map(({ hash, bytes }) => ({ hash, bytes })) };
}

function candidatesOf({ values, attachments }: StoreRequest): Candidate[] {
  return values.flatMap(({ kind: namespace, key, value, attachment }, position) => {
    if (attachment === undefined) return [{ position, namespace, key, value }];
    const bytes = attachments[attachment];
    // An attachment that is not there: the value counts as invalid.
    return bytes === undefined ? [] : [{ position, namespace, key, value, attachment: bytes }];
  });
}
