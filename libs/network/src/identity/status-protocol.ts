import { generalJwsSchema } from '@carecord/crypto';
import { didSchema, MAX_STATUS_LIST_BYTES } from '@carecord/identity';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';

/** Lists in one message: one of each authority, and a network has no more of them. */
export const MAX_STATUS_LISTS = 16;
/** An answer stops growing here: one list of the largest size, or those of all authorities at their usual some ten KiB. */
export const MAX_STATUS_LISTS_BYTES = MAX_STATUS_LIST_BYTES + 256 * 1024;
/**
 * How many lists of one authority a member may push: a node passes one on every three seconds, and its hospital may have several
 * nodes. What is over that is not lost: it is in the next list, and peers ask for the newest three times a minute.
 */
export const PUSHES_OF_ONE_AUTHORITY = { burst: 10, perSecond: 2 };
/** Names and CBOR around the lists. */
const OVERHEAD_BYTES = 16 * 1024;

const requestSchema = z.discriminatedUnion('kind', [
  /** A list that the sender has just learnt of. */
  z.strictObject({ kind: z.literal('push'), list: generalJwsSchema }),
  /** Which lists are newer than these? */
  z.strictObject({
    kind: z.literal('ask'),
    have: z.array(z.strictObject({ authority: didSchema, issuedAt: z.int().nonnegative() })).max(MAX_STATUS_LISTS),
  }),
]);

const responseSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('taken'), newer: z.boolean() }),
  z.strictObject({ kind: z.literal('lists'), lists: z.array(generalJwsSchema).max(MAX_STATUS_LISTS) }),
]);

/** {@link STATUS_PROTOCOL}'s answer. */
export type StatusAnswer = z.infer<typeof responseSchema>;

/** `/carecord/identity/status/1`: members pass on the authorities' status lists. */
export const STATUS_PROTOCOL = {
  name: '/carecord/identity/status/1',
  request: requestSchema,
  response: responseSchema,
  maxRequestBytes: MAX_STATUS_LIST_BYTES + OVERHEAD_BYTES,
  maxResponseBytes: MAX_STATUS_LISTS_BYTES + OVERHEAD_BYTES,
  timeoutMilliseconds: 10_000,
  // Two nodes of a hospital pass on sixteen authorities' lists at eleven a second, however these flood, and ask three times a minute.
  rate: { burst: 200, perSecond: 12 },
  refusalCodes: ['STATUS_LIST_INVALID', 'TOO_MANY_LISTS'],
} as const satisfies MessageProtocol<typeof requestSchema, typeof responseSchema>;
