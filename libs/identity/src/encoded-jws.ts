import type { GeneralJws } from '@carecord/crypto';

const encodings = new WeakMap<GeneralJws, Uint8Array>();

/** A JWS as JSON in UTF-8. It is sent with each handshake, so its bytes are kept as long as it is. */
export function encodeJws(jws: GeneralJws): Uint8Array {
  const encoded = encodings.get(jws) ?? new Uint8Array(Buffer.from(JSON.stringify(jws), 'utf8'));
  encodings.set(jws, encoded);
  return encoded;
}

/** The JSON of what {@link encodeJws} wrote, not parsed by any schema yet. @throws SyntaxError */
export function decodeJws(encoded: Uint8Array): unknown {
  return JSON.parse(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString('utf8'));
}
