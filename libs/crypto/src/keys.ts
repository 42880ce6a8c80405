import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { contextLabel, plain } from './framing.ts';

/** Every symmetric key of ours: AES-256, HMAC-SHA256, HKDF-SHA256 output. */
export const KEY_BYTES = 32;

/** HKDF-SHA256 (RFC 5869, extract then expand). */
export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
}

/**
 * A 32-byte key for one purpose, from a secret that serves several: HKDF-SHA256 (RFC 5869) with an empty salt, which is
 * right for a secret that is uniformly random already.
 * @param context what the key is for; goes into `info`
 */
export function deriveKey(secret: Uint8Array, context: string): Uint8Array {
  return hkdfSha256(secret, new Uint8Array(), Buffer.from(contextLabel(context), 'utf8'), KEY_BYTES);
}

/** A fresh random 32-byte key. */
export function randomKey(): Uint8Array {
  return randomNonce(KEY_BYTES);
}

/** Fresh random bytes: nonces, salts, handles. */
export function randomNonce(length: number): Uint8Array {
  return plain(randomBytes(length));
}

/** Whether two byte strings are equal, in a time that depends on their lengths alone. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
