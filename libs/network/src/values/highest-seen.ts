import { bytes, decodeWire, encodeWire } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import { Key } from 'interface-datastore';
import type { Datastore } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { z } from 'zod';
import { valueRefused } from '../network-error.ts';
import type { DhtValueMeta } from '../ports.ts';

/** Where it stands in the datastore, apart from Kademlia's own `/dht`. */
const PREFIX = '/carecord/seen';
/** An owner is a DID or a public key; the DHT key is shorter than 300 characters. */
const MAX_OWNER_CHARACTERS = 4_096;
const MAX_ENTRY_BYTES = 8_192;

const entrySchema = z.strictObject({
  dhtKey: bytes({ atMost: 512 }),
  sequence: z.int().nonnegative(),
  owner: z.string().max(MAX_OWNER_CHARACTERS),
  expiresAt: z.int(),
});

/**
 * The highest sequence seen of each key, and its owner: kad-dht would let an old value, or anybody's, replace a newer one.
 * An entry counts until the value it stands for has expired; then the key is free again.
 */
export class HighestSeen {
  constructor(
    private readonly datastore: Datastore,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses what must not follow the value that was seen.
   * @throws NetworkError `VALUE_REFUSED` for a lower sequence or another owner
   */
  async checkFollows(dhtKey: Uint8Array, meta: DhtValueMeta): Promise<void> {
    const seen = await this.of(dhtKey);
    if (seen === undefined) return;
    if (seen.owner !== meta.owner) throw valueRefused('A DHT value would replace one of another owner.');
    if (seen.sequence > meta.sequence) throw valueRefused('A DHT value is older than one that was seen.');
  }

  /** Keeps that this value was seen. */
  async remember(dhtKey: Uint8Array, meta: DhtValueMeta): Promise<void> {
    const entry = { dhtKey, sequence: meta.sequence, owner: meta.owner, expiresAt: meta.expiresAt.getTime() };
    await this.datastore.put(seenKey(dhtKey), encodeWire(entrySchema, entry));
  }

  /** What was seen under the key and has not expired. */
  async of(dhtKey: Uint8Array): Promise<DhtValueMeta | undefined> {
    const stored = await readIfPresent(this.datastore, seenKey(dhtKey));
    if (stored === undefined) return undefined;
    const entry = decodeWire(entrySchema, stored, MAX_ENTRY_BYTES);
    const meta = { sequence: entry.sequence, owner: entry.owner, expiresAt: new Date(entry.expiresAt) };
    return meta.expiresAt > this.clock.now() ? meta : undefined;
  }

  /** Forgets what has expired; gives the DHT keys concerned. */
  async sweep(): Promise<Uint8Array[]> {
    const now = this.clock.now().getTime();
    const expired: Uint8Array[] = [];
    for await (const { key, value } of this.datastore.query({ prefix: PREFIX })) {
      const entry = decodeWire(entrySchema, value, MAX_ENTRY_BYTES);
      if (entry.expiresAt > now) continue;
      await this.datastore.delete(key);
      expired.push(entry.dhtKey);
    }
    return expired;
  }
}

/** The stored bytes, or `undefined` where there are none. */
export async function readIfPresent(datastore: Datastore, key: Key): Promise<Uint8Array | undefined> {
  try {
    return await datastore.get(key);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

function seenKey(dhtKey: Uint8Array): Key {
  return new Key(`${PREFIX}/${base32.encode(sha256(dhtKey))}`);
}
