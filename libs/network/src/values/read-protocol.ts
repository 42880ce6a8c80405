import { bytes } from '@carecord/core';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';
import { attachmentsSchema, keySchema, kindSchema, MAX_MESSAGE_BYTES, MAX_MESSAGE_VALUES, wireBytesSchema } from './wire-values.ts';

/** Places of one question. */
export const MAX_READ_PLACES = 512;
/** Values of one placement that are given out, those with the lowest keys: more holders of one ciphertext are of no use to anybody. */
export const MAX_GROUP_VALUES = 16;

const placementSchema = bytes({ exactly: 32 });
const questionSchema = z.union([
  z.strictObject({ kind: kindSchema, key: keySchema }),
  /** All values of the kind that stand at one placement. */
  z.strictObject({ kind: kindSchema, placement: placementSchema }),
]);
const requestSchema = z.strictObject({ places: z.array(questionSchema).min(1).max(MAX_READ_PLACES) });
const placeIndexSchema = z.int().min(0).max(MAX_READ_PLACES - 1);
const responseSchema = z.strictObject({
  attachments: attachmentsSchema,
  values: z.array(z.strictObject({ place: placeIndexSchema, key: keySchema, ...wireBytesSchema })).max(MAX_MESSAGE_VALUES),
  /** Places for which there was no room: they are to be asked for again. */
  left: z.array(placeIndexSchema).max(MAX_READ_PLACES),
});

/** One place that a member is asked for. */
export type ReadQuestion = z.infer<typeof questionSchema>;
/** Which places a member is asked for. */
export type ReadRequest = z.infer<typeof requestSchema>;
/** What it has there. */
export type ReadResponse = z.infer<typeof responseSchema>;

/** `/carecord/values/read/1`: what do you have at these places? */
export const READ_PROTOCOL = {
  name: '/carecord/values/read/1',
  request: requestSchema,
  response: responseSchema,
  maxRequestBytes: 128 * 1024,
  maxResponseBytes: MAX_MESSAGE_BYTES,
  timeoutMilliseconds: 10_000,
  // Clinicians' look-ups of a whole hospital, a place or a few each, and batches.
  rate: { burst: 2_000, perSecond: 200 },
  requestBytes: { burst: 8 * 1024 * 1024, perSecond: 512 * 1024 },
} as const satisfies MessageProtocol<typeof requestSchema, typeof responseSchema>;
