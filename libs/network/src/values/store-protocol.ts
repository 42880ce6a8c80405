import { bytes } from '@carecord/core';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';
import type { PutOutcome } from './value-store-port.ts';
import { attachmentsSchema, keySchema, kindSchema, MAX_MESSAGE_BYTES, MAX_MESSAGE_VALUES, wireBytesSchema } from './wire-values.ts';

/**
 * How a storer took a value; beside what its store says:
 * - `invalid`: its kind refuses it
 * - `unknown`: the storer cannot judge it, because something about its owner is not known there
 * - `distant`: too many members are closer to its place
 */
export type StoreOutcome = PutOutcome | 'invalid' | 'unknown' | 'distant';

/** As they stand on the wire: by their index. */
const OUTCOMES = ['stored', 'unchanged', 'older', 'occupied', 'full', 'invalid', 'unknown', 'distant'] as const satisfies readonly StoreOutcome[];

const requestSchema = z.strictObject({
  /** Whether the sender publishes these values or hands over what it stores: the two are counted apart. */
  role: z.enum(['publisher', 'storer']),
  attachments: attachmentsSchema,
  values: z.array(z.strictObject({ kind: kindSchema, key: keySchema, ...wireBytesSchema })).max(MAX_MESSAGE_VALUES),
});
const responseSchema = z.strictObject({ outcomes: bytes({ atMost: MAX_MESSAGE_VALUES }) });

/** Values that a member is to keep. */
export type StoreRequest = z.infer<typeof requestSchema>;

/** `/carecord/values/store/1`: keep these; for each of them the answer says how it was taken. */
export const STORE_PROTOCOL = {
  name: '/carecord/values/store/1',
  request: requestSchema,
  response: responseSchema,
  maxRequestBytes: MAX_MESSAGE_BYTES,
  maxResponseBytes: MAX_MESSAGE_VALUES + 64,
  // A disk that is busy with somebody else's thousand values.
  timeoutMilliseconds: 20_000,
  // Small messages are those of a region with few values; one of 100,000 references is some hundred large ones.
  rate: { burst: 600, perSecond: 60 },
  // 100,000 pointers are 500 MiB: a minute. Without end that would be more than a disk takes.
  requestBytes: { burst: 64 * 1024 * 1024, perSecond: 8 * 1024 * 1024 },
} as const satisfies MessageProtocol<typeof requestSchema, typeof responseSchema>;

/** Outcomes as bytes. */
export function encodeOutcomes(outcomes: readonly StoreOutcome[]): Uint8Array {
  return Uint8Array.from(outcomes, (outcome) => OUTCOMES.indexOf(outcome));
}

/** The outcomes in an answer; `undefined` when they are not those of so many values. */
export function decodeOutcomes(encoded: Uint8Array, count: number): StoreOutcome[] | undefined {
  const outcomes = [...encoded].flatMap((index) => OUTCOMES[index] ?? []);
  return outcomes.length === count && encoded.length === count ? outcomes : undefined;
}
