import { createHash, createHmac } from 'node:crypto';
import { contextLabel, plain, updateFramed } from './framing.ts';

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
  return digestFramed(createHash('sha256'), context, parts);
}

/**
 * HMAC-SHA256 (RFC 2104) of the context and the parts, each preceded by its length: a 32-byte blind token, which says
 * nothing about the parts to who does not hold the key.
 * @param key the secret, 32 bytes
 */
export function keyedToken(key: Uint8Array, context: string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return digestFramed(createHmac('sha256', key), context, parts);
}

function digestFramed(hash: ReturnType<typeof createHash | typeof createHmac>, context: string, parts: readonly (Uint8Array | string)[]): Uint8Array {
  updateFramed(hash, contextLabel(context), ...parts);
  return plain(hash.digest());
}
