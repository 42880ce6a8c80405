import { generalJwsSchema } from '@carecord/crypto';
import type { MessageProtocol } from '@carecord/network';
import { z } from 'zod';

/** What a refused asker is told. `NOT_AVAILABLE` says nothing about patients; the others are about the request itself. */
export const REFUSAL_CODES = ['NOT_AVAILABLE', 'REQUEST_INVALID', 'REQUEST_FOREIGN', 'REQUEST_EXPIRED', 'REQUEST_REPLAYED'] as const;

/** One of {@link REFUSAL_CODES}. */
export type RefusalCode = (typeof REFUSAL_CODES)[number];

const releasedSchema = z.strictObject({ state: z.literal('released'), grant: generalJwsSchema });
const referredSchema = z.strictObject({ state: z.literal('referred') });
const refusedSchema = z.strictObject({ state: z.literal('refused'), code: z.enum(REFUSAL_CODES) });

/** The holder's answer: a signed grant, a person will decide, or no. */
export const accessAnswerSchema = z.discriminatedUnion('state', [releasedSchema, referredSchema, refusedSchema]);
export type AccessAnswer = z.infer<typeof accessAnswerSchema>;

/** Names a referred request: nothing that is sent unasked is larger. */
export const referredRequestSchema = z.strictObject({ requestId: z.uuid() });
export type ReferredRequest = z.infer<typeof referredRequestSchema>;

/** `accepted: false`: the asker knows no such open request, or cannot use the grant; there is no point in sending it again. */
export const outcomeReceiptSchema = z.strictObject({ accepted: z.boolean() });
export type OutcomeReceipt = z.infer<typeof outcomeReceiptSchema>;

/** A signed request is a page of JSON with two signatures (6 KiB); a longest reason and all resource types fit. */
const MAX_REQUEST_BYTES = 32 * 1024;
/** A grant of 20,000 versions as a JWS. */
const MAX_GRANT_BYTES = 9 * 1024 * 1024;
/** A clinic asks a few times a minute; a busy hospital's gateway some times a second. */
const RATE = { burst: 100, perSecond: 25 };

/** The question: a signed access request, answered at once. */
export const ACCESS_REQUEST_PROTOCOL = {
  name: '/carecord/exchange/request/1',
  request: generalJwsSchema,
  response: accessAnswerSchema,
  maxRequestBytes: MAX_REQUEST_BYTES,
  maxResponseBytes: MAX_GRANT_BYTES,
  // Preparing a grant of 20,000 versions takes seconds.
  timeoutMilliseconds: 30_000,
  rate: RATE,
} as const satisfies MessageProtocol<typeof generalJwsSchema, typeof accessAnswerSchema>;

/** The asker fetches what became of a request of its own that was referred; as often as it likes. */
export const ACCESS_ANSWER_PROTOCOL = {
  name: '/carecord/exchange/answer/1',
  request: referredRequestSchema,
  response: accessAnswerSchema,
  maxRequestBytes: 1024,
  maxResponseBytes: MAX_GRANT_BYTES,
  timeoutMilliseconds: 30_000,
  rate: RATE,
} as const satisfies MessageProtocol<typeof referredRequestSchema, typeof accessAnswerSchema>;

/** The holder tells the asker that a person has decided about a referred request. */
export const ACCESS_OUTCOME_PROTOCOL = {
  name: '/carecord/exchange/outcome/1',
  request: referredRequestSchema,
  response: outcomeReceiptSchema,
  maxRequestBytes: 1024,
  maxResponseBytes: 1024,
  // The asker fetches the answer (30 s) and all blocks (two minutes) before it says that it has them.
  timeoutMilliseconds: 180_000,
  rate: RATE,
} as const satisfies MessageProtocol<typeof referredRequestSchema, typeof outcomeReceiptSchema>;
