import type { Logger } from '@carecord/core';
import { constantTimeEqual } from '@carecord/crypto';
import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import { NetworkError } from '../network-error.ts';
import type { DhtValueMeta, DhtValueName, DhtValues } from '../ports.ts';
import type { GuardedDatastore } from './guarded-datastore.ts';
import { encodeValueKey } from './value-key.ts';
import type { ValueRules } from './value-rules.ts';

/** Answers to wait for, our own store included: one may lag behind; the full query takes ten times as long and adds little. */
const GET_QUORUM = 2;
/** A query over peers that do not answer ends here: a lookup is in a clinician's way. */
const GET_TIMEOUT_MILLISECONDS = 5_000;
/** Publishing is in nobody's way, and twenty storers have to be found. */
const PUT_TIMEOUT_MILLISECONDS = 15_000;

/** Answers to wait for where several owners may have a value under one key: a race between them leaves some with one, some with the other. */
const GET_ALL_QUORUM = 4;
/** How many owners `getAll` can find under one key: one in our own store, and one in each answer. */
export const MAX_VALUE_OWNERS = GET_ALL_QUORUM + 1;

interface Candidate {
  readonly value: Uint8Array;
  readonly meta: DhtValueMeta;
}

/** One query and whom it has reached. */
class Query {
  readonly signal: AbortSignal;
  private answered = 0;
  private failed = 0;

  constructor(stopped: AbortSignal) {
    this.signal = AbortSignal.any([stopped, AbortSignal.timeout(GET_TIMEOUT_MILLISECONDS)]);
  }

  count({ name }: QueryEvent): void {
    if (name === 'PEER_RESPONSE') this.answered += 1;
    if (name === 'QUERY_ERROR') this.failed += 1;
  }

  /** Some peers may have gone; when all of them have, their silence says nothing about what they hold. */
  get isComplete(): boolean {
    return !this.signal.aborted && (this.answered > 0 || this.failed === 0);
  }
}

/** Puts values into the DHT and gets them out, under our own rules: kad-dht finds the peers and carries the bytes. */
export class ValueStore {
  constructor(
    private readonly dht: KadDHT,
    private readonly rules: ValueRules,
    private readonly guard: GuardedDatastore,
    private readonly logger: Logger,
  ) {}

  /** See `NetworkHost.put`. */
  async put(kind: DhtValueName, key: Uint8Array, value: Uint8Array, stopped: AbortSignal): Promise<{ stored: number }> {
    const dhtKey = encodeValueKey(kind.namespace, key);
    await this.rules.check(dhtKey, value);
    const storers = new Set<string>();
    let failure: unknown;
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(PUT_TIMEOUT_MILLISECONDS)]);
    try {
      for await (const event of this.dht.put(dhtKey, value, { signal })) {
        if (event.name === 'PEER_RESPONSE' && isSame(event.record?.value, value)) storers.add(event.from.toString());
      }
    } catch (error) {
      if (error instanceof NetworkError) throw error;
      failure = error;
      if (!signal.aborted) this.logger.warn('put-failed', { namespace: kind.namespace, stored: storers.size }, error);
    }
    if (!isSame(await this.guard.localValue(dhtKey), value)) {
      throw new NetworkError('PUBLISHING_FAILED', 'A value could not be kept in our own store.', { cause: failure });
    }
    return { stored: storers.size + 1 };
  }

  /** See `NetworkHost.get`. */
  async get(kind: DhtValueName, key: Uint8Array, stopped: AbortSignal): Promise<Uint8Array | undefined> {
    const dhtKey = encodeValueKey(kind.namespace, key);
    const candidates: Candidate[] = [];
    const local = await this.guard.localValue(dhtKey);
    if (local !== undefined) await this.consider(dhtKey, local, candidates);
    for await (const answer of this.answers(dhtKey, new Query(stopped))) {
      await this.consider(dhtKey, answer, candidates);
      if (candidates.length >= GET_QUORUM) break;
    }
    return newest(candidates);
  }

  /** See `NetworkHost.getAll`. */
  async getAll(kind: DhtValueName, key: Uint8Array, stopped: AbortSignal): Promise<DhtValues> {
    const dhtKey = encodeValueKey(kind.namespace, key);
    const byOwner = new Map<string, Candidate>();
    const local = await this.guard.localValue(dhtKey);
    if (local !== undefined) await this.keepNewest(dhtKey, local, byOwner);
    const query = new Query(stopped);
    let answers = 0;
    for await (const answer of this.answers(dhtKey, query)) {
      await this.keepNewest(dhtKey, answer, byOwner);
      answers += 1;
      if (answers >= GET_ALL_QUORUM) break;
    }
    return { values: [...byOwner.values()].map(({ value }) => value), complete: query.isComplete };
  }

  /** The values that peers answer with. What goes wrong with the query and is not usual is thrown. */
  private async *answers(dhtKey: Uint8Array, query: Query): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const event of this.dht.get(dhtKey, { signal: query.signal })) {
        query.count(event);
        if (event.name === 'PEER_RESPONSE' && event.record !== undefined) yield event.record.value;
      }
    } catch (error) {
      // At the time limit, or at the end when a holder would not take a correction: the answers are good.
      if (!query.signal.aborted && !isRefusedCorrection(error)) throw error;
      this.logger.debug('get-ended-early', { timeOut: query.signal.aborted });
    }
  }

  /** Reading binds nobody to an owner: whose value it is, is for the reader to find out. */
  private async keepNewest(dhtKey: Uint8Array, value: Uint8Array, byOwner: Map<string, Candidate>): Promise<void> {
    try {
      const meta = await this.rules.check(dhtKey, value);
      const known = byOwner.get(meta.owner);
      if (known === undefined || known.meta.sequence < meta.sequence) byOwner.set(meta.owner, { value, meta });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }

  /** Counts an answer if it is valid and not older than what was seen. */
  private async consider(dhtKey: Uint8Array, value: Uint8Array, candidates: Candidate[]): Promise<void> {
    try {
      const meta = await this.rules.check(dhtKey, value);
      await this.guard.observe(dhtKey, meta);
      candidates.push({ value, meta });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }
}

/** kad-dht's selector: the index of the valid value with the highest sequence. */
export async function selectNewest(rules: ValueRules, dhtKey: Uint8Array, values: readonly Uint8Array[]): Promise<number> {
  const sequences = await Promise.all(
    values.map(async (value) => {
      try {
        return (await rules.check(dhtKey, value)).sequence;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        return -1;
      }
    }),
  );
  return sequences.indexOf(Math.max(...sequences));
}

function newest(candidates: readonly Candidate[]): Uint8Array | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) if (best === undefined || candidate.meta.sequence > best.meta.sequence) best = candidate;
  return best?.value;
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && constantTimeEqual(one, other);
}

/** kad-dht gives holders of older values the newest one; one that has seen a newer yet, or another owner's, refuses. */
function isRefusedCorrection(error: unknown): boolean {
  return error instanceof Error && error.name === 'QueryError';
}
