import type { KeyObject } from 'node:crypto';

/** The partners of a busy node and their authorities, many times over; a key of ML-DSA-65 takes some 10 KiB as OpenSSL holds it. */
const MAX_KEYS = 512;

/**
 * Public keys that were read in lately: reading one costs a quarter of what verifying with it does, and the same few keys come with
 * each connection and statement. The keys used longest ago go first. Not for private keys, which must be gone once they are destroyed.
 */
export class PublicKeyCache {
  private readonly keys = new Map<string, KeyObject>();

  /** @param read makes the key of its bytes, or throws; what throws is not remembered */
  constructor(private readonly read: (publicKey: Uint8Array) => KeyObject) {}

  get(publicKey: Uint8Array): KeyObject {
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
    const key = this.keys.get(name) ?? this.read(publicKey);
    this.keys.delete(name);
    this.keys.set(name, key);
    if (this.keys.size > MAX_KEYS) this.forgetOldest();
    return key;
  }

  private forgetOldest(): void {
    const { value, done } = this.keys.keys().next();
    if (done !== true) this.keys.delete(value);
  }
}
