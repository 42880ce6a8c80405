import { bytes } from '@carecord/core';
import type { MessageProtocol } from '@carecord/network';
import { z } from 'zod';
import { MAX_IDENTIFIERS } from './identifier.ts';
import { GUARDIAN_REFUSAL_CODES } from './locator-error.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from './oprf.ts';

const elements = z.array(bytes({ exactly: ELEMENT_BYTES })).min(1).max(MAX_IDENTIFIERS);

export const evaluationRequestSchema = z.strictObject({
  /** A text, not an enumeration: an unknown purpose is refused, and logged, by the guardian. */
  purpose: z.string().max(16),
  blinded: elements,
});

export const evaluationResponseSchema = z.strictObject({ evaluated: elements, proof: bytes({ exactly: PROOF_BYTES }) });

/** `/carecord/locator/evaluate/1`: a hospital has blinded identifiers evaluated by a guardian. */
export const EVALUATION_PROTOCOL: MessageProtocol<typeof evaluationRequestSchema, typeof evaluationResponseSchema> = {
  name: '/carecord/locator/evaluate/1',
  request: evaluationRequestSchema,
  response: evaluationResponseSchema,
  // Eight elements of 32 bytes, a proof, and the encoding around them.
  maxRequestBytes: 512,
  maxResponseBytes: 512,
  // An evaluation takes milliseconds; a guardian with a queue is still better than none.
  timeoutMilliseconds: 10_000,
  // Bounds the requests that a guardian looks at; what a hospital may have evaluated the guardian counts itself, by inputs.
  rate: { burst: 2_000, perSecond: 50 },
  refusalCodes: GUARDIAN_REFUSAL_CODES,
};
