import { z } from 'zod';

/** The longest code that an answer may hold. */
const MAX_CODE_CHARACTERS = 64;
/** What the envelope adds to an answer: a map of two keys. */
export const ENVELOPE_BYTES = 32;

/** Why a request was not answered, beside the protocol's own codes. */
export type RefusalCode = 'REQUEST_TOO_LARGE' | 'REQUEST_MALFORMED' | 'RATE_LIMITED' | 'TIMED_OUT' | 'INTERNAL';

/** A refusal: a code and nothing else. */
export const refusalSchema = z.strictObject({ ok: z.literal(false), code: z.string().regex(/^[A-Z0-9_]+$/).max(MAX_CODE_CHARACTERS) });

/** The protocol's response, or a refusal. */
export type Envelope<Response> = { readonly ok: true; readonly value: Response } | z.infer<typeof refusalSchema>;

/** A schema takes longer to make than a message to read: one for each response, as long as that lives. */
const envelopes = new WeakMap<z.ZodType, z.ZodType>();

/** The schema of an answer. */
export function envelopeOf<Response extends z.ZodType>(response: Response): z.ZodType<Envelope<z.infer<Response>>> {
  const envelope = envelopes.get(response) ?? z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true), value: response }), refusalSchema]);
  envelopes.set(response, envelope);
  return envelope as never;
}
