import { createHash, createHmac } from 'node:crypto';
import { contextLabel, frame, plain } from './framing.ts';

/** SHA-256 (FIPS 180-4) of the parts one after the other, unframed: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return plain(hash.digest());
}

/**
 * SHA-256 of the context and the parts, each preceded by its length: 32 bytes.
 * @param context what the hash is for; different contexts never give the same hash
 */
export function hashWithContext(context: string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return sha256(frame(contextLabel(context), ...parts));
}

/**
 * HMAC-SHA256 (RFC 2104) of the context and the parts, each preceded by its length: a 32-byte blind token, which says
 * nothing about the parts to who does not hold the key.
 * @param key the secret, 32 bytes
 */
export function keyedToken(key: Uint8Array, context: string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return plain(createHmac('sha256', key).update(frame(contextLabel(context), ...parts)).digest());
}
