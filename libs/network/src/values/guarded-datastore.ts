import { KeyLock } from '@carecord/core';
import { NotFoundError } from '@libp2p/interface';
import { Record as DhtRecord } from '@libp2p/kad-dht';
import { BaseDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import type { Datastore, KeyQuery, Pair, Query } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { valueRefused } from '../network-error.ts';
import type { DhtValueMeta } from '../ports.ts';
import { readIfPresent } from './highest-seen.ts';
import type { HighestSeen } from './highest-seen.ts';
import type { ValueRules } from './value-rules.ts';

/** kad-dht keeps values under this prefix and the base32 of their key, and provider records, which we refuse, elsewhere. */
const DHT_PREFIX = '/dht';
export const RECORD_PREFIX = `${DHT_PREFIX}/record/`;

/**
 * The datastore as Kademlia sees it. kad-dht writes whatever passed a validator, so what depends on the value that is there
 * already is decided here, where check and write are one step: nothing older, nothing of another owner, nothing that is
 * not of a registered kind (provider records neither). Expired values are as good as gone.
 */
export class GuardedDatastore extends BaseDatastore {
  private readonly lock = new KeyLock();

  constructor(
    private readonly inner: Datastore,
    private readonly rules: ValueRules,
    private readonly seen: HighestSeen,
  ) {
    super();
  }

  /** @throws NetworkError `VALUE_REFUSED` */
  override async put(key: Key, bytes: Uint8Array): Promise<Key> {
    if (!key.toString().startsWith(RECORD_PREFIX)) throw valueRefused('Provider records are not kept.');
    const record = DhtRecord.deserialize(bytes);
    await this.observe(record.key, await this.rules.check(record.key, record.value), () => this.inner.put(key, bytes));
    return key;
  }

  override async get(key: Key): Promise<Uint8Array> {
    // Both at once: a look-up reads here dozens of times, and a database takes them together.
    const [bytes, seen] = await Promise.all([this.inner.get(key), this.seen.of(dhtKeyOf(key))]);
    if (seen === undefined) throw new NotFoundError('The value has expired.');
    return bytes;
  }

  override async has(key: Key): Promise<boolean> {
    return this.inner.has(key);
  }

  override async delete(key: Key): Promise<void> {
    await this.inner.delete(key);
  }

  override async *query(query: Query): AsyncGenerator<Pair> {
    yield* this.inner.query(query);
  }

  override async *queryKeys(query: KeyQuery): AsyncGenerator<Key> {
    yield* this.inner.queryKeys(query);
  }

  /**
   * Remembers a value that was seen, unless it must not follow the one seen before.
   * @param whileLocked what belongs to it, done before anybody else sees a value of this key
   * @throws NetworkError `VALUE_REFUSED` for a lower sequence or another owner
   */
  async observe(dhtKey: Uint8Array, meta: DhtValueMeta, whileLocked?: () => unknown): Promise<void> {
    await this.lock.run(base32.encode(dhtKey), async () => {
      await this.seen.checkFollows(dhtKey, meta);
      await this.seen.remember(dhtKey, meta);
      await whileLocked?.();
    });
  }

  /** The value in our own store under a DHT key. */
  async localValue(dhtKey: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = await readIfPresent(this, recordKey(dhtKey));
    return bytes === undefined ? undefined : DhtRecord.deserialize(bytes).value;
  }

  /** Deletes expired values and what was remembered of them: kad-dht never does. */
  async sweep(): Promise<number> {
    const expired = await this.seen.sweep();
    for (const dhtKey of expired) await this.inner.delete(recordKey(dhtKey));
    return expired.length;
  }
}

/** Where kad-dht keeps a value: unpadded base32 without the multibase letter. */
function recordKey(dhtKey: Uint8Array): Key {
  return new Key(RECORD_PREFIX + base32.encode(dhtKey).slice(1));
}

function dhtKeyOf(recordKey: Key): Uint8Array {
  return base32.decode(base32.prefix + recordKey.toString().slice(RECORD_PREFIX.length));
}
