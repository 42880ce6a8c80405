import { bytes } from '@carecord/core';
import type { MessageProtocol } from '@carecord/network';
import { z } from 'zod';
import { GUARDIAN_REFUSAL_CODES } from '../locator-error.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from '../oprf.ts';
import { MAX_INPUTS, MAX_LIVE_EPOCHS } from './limits.ts';

const elements = z.array(bytes({ exactly: ELEMENT_BYTES })).min(1).max(MAX_INPUTS);
/** A pseudonym is a keyed hash in text form. */
const MAX_PSEUDONYM_CHARACTERS = 96;

export const evaluationRequestSchema = z.strictObject({
  /** A text, not an enumeration: an unknown purpose is refused, and logged, by the guardian. */
  purpose: z.string().max(16),
  /** For whom is asked; absent for publishing. */
  clinician: z.string().min(1).max(MAX_PSEUDONYM_CHARACTERS).regex(/^[\x21-\x7e]+$/).optional(),
  /** With which keys, as the asker knows them. */
  keys: z.array(z.strictObject({ epoch: z.int().min(1), version: z.int().nonnegative() })).min(1).max(MAX_LIVE_EPOCHS),
  blinded: elements,
});

export const evaluationResponseSchema = z.strictObject({
  /** One for each key, in their order. */
  evaluations: z.array(z.strictObject({ evaluated: elements, proof: bytes({ exactly: PROOF_BYTES }) })).min(1).max(MAX_LIVE_EPOCHS),
});

export type EvaluationRequest = z.infer<typeof evaluationRequestSchema>;
export type EvaluationResponse = z.infer<typeof evaluationResponseSchema>;

/** `/carecord/locator/evaluate/2`: a hospital has blinded inputs evaluated by a guardian with its shares. */
export const EVALUATION_PROTOCOL: MessageProtocol<typeof evaluationRequestSchema, typeof evaluationResponseSchema> = {
  name: '/carecord/locator/evaluate/2',
  request: evaluationRequestSchema,
  response: evaluationResponseSchema,
  // Twelve elements of 32 bytes, and what surrounds them.
  maxRequestBytes: 768,
  // The same for two epochs, each with a proof.
  maxResponseBytes: 1_280,
  // An evaluation takes milliseconds; a guardian with a queue is still better than none.
  timeoutMilliseconds: 10_000,
  // Bounds the requests that a guardian looks at; what a hospital may have evaluated the guardian counts itself, by inputs.
  rate: { burst: 2_000, perSecond: 50 },
  refusalCodes: GUARDIAN_REFUSAL_CODES,
};
