import type { KeyObject } from 'node:crypto';
import { BoundedCache } from '@carecord/core';

/** The partners of a busy node and their authorities, many times over; a key of ML-DSA-65 takes some 10 KiB as OpenSSL holds it. */
const MAX_KEYS = 512;

/**
 * Public keys that were read in lately: reading one costs a quarter of what verifying with it does, and the same few keys come with
 * each connection and statement. Not for private keys, which must be gone once they are destroyed.
 */
export class PublicKeyCache {
  private readonly keys = new BoundedCache<KeyObject>({ entries: MAX_KEYS });

  /** @param read makes the key of its bytes, or throws; what throws is not remembered */
  constructor(private readonly read: (publicKey: Uint8Array) => KeyObject) {}

  get(publicKey: Uint8Array): KeyObject {
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = this.read(publicKey);
    this.keys.set(name, key);
    return key;
  }
}
