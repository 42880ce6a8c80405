import { bytes } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';
import { idOf } from './placement.ts';
import type { ValueHeader } from './value-store-port.ts';

/** Values of one question. */
export const MAX_HAVE_VALUES = 4_096;
const DIGEST_BYTES = 16;
const SEQUENCE_BYTES = 8;
const ITEM_BYTES = DIGEST_BYTES + SEQUENCE_BYTES;
const CONTEXT = 'network/have';

const placementSchema = bytes({ exactly: 32 });
const requestSchema = z.strictObject({
  /** Between which placements all of them stand, both included. */
  from: placementSchema,
  until: placementSchema,
  /** For each value 16 bytes of the hash of kind, owner and key, and its sequence as 64 bits. */
  values: bytes({ atMost: MAX_HAVE_VALUES * ITEM_BYTES }),
});
/** A bit each, the first value's the lowest of the first byte: set when it is missing. */
const responseSchema = z.strictObject({ missing: bytes({ atMost: MAX_HAVE_VALUES / 8 }) });

/** Which values a member is asked about. */
export type HaveRequest = z.infer<typeof requestSchema>;

/** `/carecord/values/have/1`: which of these values do you lack, or have only older ones of? */
export const HAVE_PROTOCOL = {
  name: '/carecord/values/have/1',
  request: requestSchema,
  response: responseSchema,
  maxRequestBytes: MAX_HAVE_VALUES * ITEM_BYTES + 256,
  maxResponseBytes: MAX_HAVE_VALUES / 8 + 64,
  timeoutMilliseconds: 20_000,
  // Every ten minutes a hundred questions for 400,000 values.
  rate: { burst: 400, perSecond: 2 },
  refusalCodes: ['TOO_MANY_VALUES'],
} as const satisfies MessageProtocol<typeof requestSchema, typeof responseSchema>;

/** A value as it is asked about. */
export interface HaveItem {
  /** The key of a map. */
  readonly digest: string;
  readonly sequence: bigint;
}

/** The name of a value, whatever its sequence. */
export function haveDigest({ namespace, owner, key }: Pick<ValueHeader, 'namespace' | 'owner' | 'key'>): Uint8Array {
  return hashWithContext(CONTEXT, namespace, owner, key).subarray(0, DIGEST_BYTES);
}

/** Values as they stand in a question; they must be in the order of their placements. */
export function encodeHave(headers: readonly ValueHeader[]): HaveRequest {
  const values = Buffer.alloc(headers.length * ITEM_BYTES);
  for (const [at, header] of headers.entries()) {
    values.set(haveDigest(header), at * ITEM_BYTES);
    values.writeBigUInt64BE(BigInt(header.sequence), at * ITEM_BYTES + DIGEST_BYTES);
  }
  const [first, last] = [headers[0], headers.at(-1)] as [ValueHeader, ValueHeader];
  return { from: first.placement, until: last.placement, values: new Uint8Array(values.buffer, values.byteOffset, values.length) };
}

/** The values in a question; bytes beyond the last whole one are left out. */
export function decodeHave({ values }: HaveRequest): HaveItem[] {
  const buffer = Buffer.from(values.buffer, values.byteOffset, values.length);
  return Array.from({ length: Math.floor(values.length / ITEM_BYTES) }, (_, at) => ({
    digest: idOf(values.subarray(at * ITEM_BYTES, at * ITEM_BYTES + DIGEST_BYTES)),
    sequence: buffer.readBigUInt64BE(at * ITEM_BYTES + DIGEST_BYTES),
  }));
}

/** Which values are missing, as bits. */
export function encodeMissing(missing: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(missing.length / 8));
  for (const [at, isMissing] of missing.entries()) if (isMissing) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  return bits;
}

/** The reverse; `undefined` when the answer is not about so many values. */
export function decodeMissing(bits: Uint8Array, count: number): boolean[] | undefined {
  if (bits.length !== Math.ceil(count / 8)) return undefined;
  return Array.from({ length: count }, (_, at) => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0);
}
