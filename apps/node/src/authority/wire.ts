import { z } from 'zod';

/** A DID log, a credential of two signatures (7 KiB) and a few addresses: far below this. */
export const MAX_ANSWER_BYTES = 512 * 1024;

const MAX_ADDRESSES = 64;

/** What the authority publishes about the network; the description is signed, the addresses are hints. */
export const networkAnswerSchema = z.object({
  networkDescription: z.unknown(),
  bootstrap: z.array(z.string().max(500)).max(MAX_ADDRESSES),
});

/** What an admitted hospital gets. */
export const membershipAnswerSchema = networkAnswerSchema.extend({ credential: z.unknown() });

/** A refusal over plain HTTP. */
export const refusalSchema = z.object({ code: z.string().max(64), message: z.string().max(500) });

export type NetworkAnswer = z.infer<typeof networkAnswerSchema>;
export type MembershipAnswer = z.infer<typeof membershipAnswerSchema>;
