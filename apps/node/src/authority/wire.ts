import { generalJwsSchema } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { didSchema, MAX_DID_HISTORY_BYTES, witnessProofSchema } from '@carecord/identity';
import type { WitnessProof } from '@carecord/identity';
import { MEMBERSHIP_STATES } from '@carecord/storage';
import type { MembershipState } from '@carecord/storage';
import { z } from 'zod';

/** A credential of two signatures (8 KiB), a status list (at most some tens of KiB) and a few addresses: far below this. */
export const MAX_ANSWER_BYTES = 512 * 1024;

const MAX_ADDRESSES = 64;

/** Which network an authority serves: its signed description, and, as hints, where members can be met. */
export const networkAnswerSchema = z.object({
  networkDescription: generalJwsSchema,
  bootstrap: z.array(z.string().max(500)).max(MAX_ADDRESSES),
});

/** How an application stands; credential and proof come once the applicant is admitted. Whoever puts the proof into a history verifies it. */
export const membershipAnswerSchema = z.object({
  state: z.enum(MEMBERSHIP_STATES),
  credential: generalJwsSchema.optional(),
  witnessProof: witnessProofSchema.optional(),
});

/** What a member asks to have witnessed. */
export const witnessRequestSchema = z.strictObject({ did: didSchema, history: z.string().min(1).max(MAX_DID_HISTORY_BYTES) });

export const witnessAnswerSchema = z.object({ witnessProof: witnessProofSchema });

/** A refusal over plain HTTP. */
export const refusalSchema = z.object({ code: z.string().max(64), message: z.string().max(500) });

export type NetworkAnswer = z.infer<typeof networkAnswerSchema>;
/** The answer to an application, as {@link membershipAnswerSchema} parses it. */
export interface MembershipAnswer {
  readonly state: MembershipState;
  readonly credential?: GeneralJws | undefined;
  readonly witnessProof?: WitnessProof | undefined;
}
export type WitnessRequest = z.infer<typeof witnessRequestSchema>;
