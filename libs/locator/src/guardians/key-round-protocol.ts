import { bytes } from '@carecord/core';
import type { MessageProtocol } from '@carecord/network';
import { generalJwsSchema } from '@carecord/crypto';
import { z } from 'zod';
import { dealingSchema } from './dealing.ts';
import { SCALAR_BYTES } from './group.ts';
import { signedKeySchema } from './key-statement.ts';
import { MAX_GUARDIANS } from './limits.ts';

/** Attempts are counted up by honest guardians one at a time, after a pause: nobody comes near this. */
const MAX_ATTEMPT = 1_000_000;
const HASH_BYTES = 32;

export const keyRoundRequestSchema = z.strictObject({
  epoch: z.int().min(1),
  version: z.int().nonnegative(),
  /** What the key is made from, and for whom. */
  digest: bytes({ exactly: HASH_BYTES }),
  attempt: z.int().nonnegative().max(MAX_ATTEMPT),
});

export const keyRoundResponseSchema = z.strictObject({
  attempt: z.int().nonnegative().max(MAX_ATTEMPT),
  /** From dealers. */
  dealing: dealingSchema.optional(),
  /** The value of the dealer's polynomial for the asker, who is proven on the connection: nobody else gets it. */
  share: bytes({ exactly: SCALAR_BYTES }).optional(),
  /** From the guardian who leads this attempt: whose dealings count (indices of dealers), and since when the key does. */
  proposal: z.strictObject({ dealers: z.array(z.int().min(1).max(MAX_GUARDIANS)).min(1).max(MAX_GUARDIANS), from: z.int().nonnegative() }).optional(),
  /** What this guardian has received, signed: shows when a dealer told different guardians different things. */
  echo: generalJwsSchema.optional(),
  /** Once all have received the same. */
  signature: signedKeySchema.shape.signatures.element.optional(),
});

export type KeyRoundRequest = z.infer<typeof keyRoundRequestSchema>;
export type KeyRoundResponse = z.infer<typeof keyRoundResponseSchema>;

/** `/carecord/locator/guardian-round/1`: what a guardian has for another one in the making of a key. */
export const KEY_ROUND_PROTOCOL: MessageProtocol<typeof keyRoundRequestSchema, typeof keyRoundResponseSchema> = {
  name: '/carecord/locator/guardian-round/1',
  request: keyRoundRequestSchema,
  response: keyRoundResponseSchema,
  maxRequestBytes: 256,
  // Sixteen commitments, an echo that names sixteen dealers (8 KiB with its signatures), and a signature of 4.6 KiB.
  maxResponseBytes: 32 * 1024,
  timeoutMilliseconds: 10_000,
  // A handful of rounds a key, repeated every few seconds while somebody is not there.
  rate: { burst: 100, perSecond: 2 },
  refusalCodes: ['CEREMONY_UNKNOWN', 'NOT_ENTITLED'],
};
