import canonicalize from 'canonicalize';
import { WireError } from './wire-error.ts';

/**
 * The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): sorted keys, no white space.
 * @throws WireError `WIRE_MALFORMED` for what is not JSON (`undefined`, functions, NaN)
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new WireError('WIRE_MALFORMED', 'The value is not JSON.');
  return text;
}

/** {@link canonicalJson} as UTF-8 bytes. */
export function canonicalJsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}
