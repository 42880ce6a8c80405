import { sha256 } from '@carecord/crypto';

/** Thousands of values share one attachment: it is hashed once for all that hold the same bytes object. */
const hashes = new WeakMap<Uint8Array, Uint8Array>();

/** SHA-256 of an attachment, 32 bytes; the bytes must not change afterwards. */
export function attachmentHashOf(attachment: Uint8Array): Uint8Array {
  const known = hashes.get(attachment) ?? sha256(attachment);
  hashes.set(attachment, known);
  return known;
}
