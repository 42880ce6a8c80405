const LENGTH_BYTES = 4;

/**
 * Joins parts so that no two different lists of parts give the same bytes: each is preceded by its length as a 32-bit
 * big-endian number. Texts are taken as UTF-8.
 */
export function frame(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const encoded = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part));
  const framed = Buffer.alloc(encoded.reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0));
  let offset = 0;
  for (const part of encoded) {
    framed.writeUInt32BE(part.length, offset);
    framed.set(part, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + part.length;
  }
  return plain(framed);
}

/** A hash or a MAC that is fed part by part. */
interface Fed {
  update(part: Uint8Array | string): unknown;
}

/** Feeds a hash with what {@link frame} makes of the parts, without making a copy of them: some are long. */
export function updateFramed(hash: Fed, ...parts: readonly (Uint8Array | string)[]): void {
  for (const part of parts) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(typeof part === 'string' ? Buffer.byteLength(part, 'utf8') : part.length);
    hash.update(length);
    hash.update(part);
  }
}

/**
 * The one rule of contexts: a caller writes `<room>/<what for>`, such as `records/data-key`, and every function of this lib
 * that takes a context puts the project and the version of its formats before it.
 */
export function contextLabel(context: string): string {
  return `carecord/v1/${context}`;
}

/** A Node `Buffer` seen as the plain `Uint8Array` that leaves this lib: no copy, no surprising `toString` or `slice`. */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
