import { decode, encode, encodeInto, rfc8949EncodeOptions } from 'cborg';
import { z } from 'zod';
import { WireError } from './wire-error.ts';

/** A byte string of a wire message, as plain `Uint8Array`, with its exact or greatest length in bytes. */
export function bytes(limit: { readonly exactly: number } | { readonly atMost: number }): z.ZodType<Uint8Array> {
  return z.instanceof(Uint8Array).refine(
    (value) => ('exactly' in limit ? value.length === limit.exactly : value.length <= limit.atMost),
    'has the wrong length',
  );
}

/**
 * Encodes a message as deterministic CBOR (RFC 8949, section 4.2.1).
 * @throws WireError `WIRE_SCHEMA` when the value is not of the schema: we never send what we would refuse
 */
export function encodeWire<Schema extends z.ZodType>(schema: Schema, value: z.infer<Schema>): Uint8Array {
  return encode(parse(schema, value), rfc8949EncodeOptions);
}

/**
 * Decodes a message from a peer: its size is checked first, then that it is CBOR without duplicate keys, indefinite lengths
 * and tags, then the shape, then that it is the one deterministic encoding of what it says.
 * @param maxBytes the message's limit in bytes
 * @throws WireError `WIRE_TOO_LARGE`, `WIRE_MALFORMED` or `WIRE_SCHEMA`
 */
export function decodeWire<Schema extends z.ZodType>(schema: Schema, encoded: Uint8Array, maxBytes: number): z.infer<Schema> {
  if (encoded.length > maxBytes) throw new WireError('WIRE_TOO_LARGE', `A message is larger than ${maxBytes} bytes.`);
  const value = decodeStrictly(encoded);
  const message = parse(schema, value);
  // After the shape: writing many small values again costs more than reading them, so only a message of ours is worth it.
  if (!isDeterministic(value, encoded)) throw malformed();
  return message;
}

function decodeStrictly(encoded: Uint8Array): unknown {
  try {
    return decode(encoded, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      rejectDuplicateMapKeys: true,
    });
  } catch (cause) {
    throw malformed(cause);
  }
}

/** Most messages fit: memory that is taken and dropped for each of them keeps the garbage collector busy. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = new Uint8Array(SCRATCH_BYTES);

/** Whether bytes are the one deterministic encoding of what they say. */
function isDeterministic(value: unknown, encoded: Uint8Array): boolean {
  const again = encoded.length <= SCRATCH_BYTES ? scratch.subarray(0, encoded.length) : new Uint8Array(encoded.length);
  try {
    const { written } = encodeInto(value, again, rfc8949EncodeOptions);
    return written === encoded.length && Buffer.compare(again, encoded) === 0;
  } catch {
    // It is longer.
    return false;
  }
}

function malformed(cause?: unknown): WireError {
  return new WireError('WIRE_MALFORMED', 'A message is not deterministic CBOR.', { cause });
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = parseSafely(schema, value);
  if (!result.success) {
    const where = result.error.issues[0]?.path.join('.') ?? '';
    throw new WireError('WIRE_SCHEMA', `A message does not have the expected shape at "${where}".`);
  }
  return result.data;
}

/** zod throws where it freezes what is read-only and finds bytes in place of an array. */
function parseSafely<Schema extends z.ZodType>(schema: Schema, value: unknown): z.ZodSafeParseResult<z.infer<Schema>> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    throw new WireError('WIRE_SCHEMA', 'A message does not have the expected shape.', { cause });
  }
}
