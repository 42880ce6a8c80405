import { createHash, createHmac, hash as hashOnce } from 'node:crypto';
import { contextLabel, frame, plain, updateFramed } from './framing.ts';

/** Up to this size copying the parts together and hashing them in one call takes half the time of a hash object: trees have thousands of such hashes. */
const ONE_CALL_BYTES = 4_096;

/** SHA-256 (FIPS 180-4) of the parts one after the other, unframed: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  if (bytesOf(parts) <= ONE_CALL_BYTES) return plain(hashOnce('sha256', parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts), 'buffer'));
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return plain(hash.digest());
}

/**
 * SHA-256 of the context and the parts, each preceded by its length: 32 bytes.
 * @param context what the hash is for; different contexts never give the same hash
 */
export function hashWithContext(context: string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  if (bytesOf(parts) <= ONE_CALL_BYTES) return plain(hashOnce('sha256', frame(contextLabel(context), ...parts), 'buffer'));
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

/** For texts the number of characters: near enough for the choice of a way to hash. */
function bytesOf(parts: readonly (Uint8Array | string)[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
