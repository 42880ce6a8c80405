import { z } from 'zod';
import { AuditError } from './audit-error.ts';
import { AUDIT_ACTOR_KINDS, AUDIT_EVENT_TYPES, AUDIT_OUTCOMES } from './event-types.ts';
import type { AuditEntry } from './event.ts';

/** Codes, UUIDs, content ids and DIDs are shorter; a text about a patient would be longer, and has no place here. */
const MAX_TEXT_LENGTH = 512;
/** An event is explained by a handful of facts; the limit keeps the log's rows small. */
const MAX_DETAILS = 32;

/** No control characters (PostgreSQL cannot keep U+0000, and none may drive a log viewer) and no lone surrogates (UTF-8 has none). */
const text = z.string().min(1).max(MAX_TEXT_LENGTH).regex(/^[^\p{Cc}\p{Cs}]*$/u);

const entrySchema = z.strictObject({
  type: z.enum(AUDIT_EVENT_TYPES),
  outcome: z.enum(AUDIT_OUTCOMES),
  actor: z.strictObject({ kind: z.enum(AUDIT_ACTOR_KINDS), id: text, role: text.optional() }),
  patientId: z.uuid().optional(),
  requestId: text.optional(),
  counterparty: text.optional(),
  purpose: text.optional(),
  reasonCode: text.optional(),
  detail: z
    .record(text, z.union([text, z.number(), z.boolean()]))
    .refine((detail) => Object.keys(detail).length <= MAX_DETAILS, 'has too many members')
    .optional(),
});

/**
 * The entry, checked.
 * @throws AuditError `AUDIT_ENTRY_INVALID`, which names the element but not its value
 */
export function checkEntry(entry: AuditEntry): AuditEntry {
  const result = entrySchema.safeParse(entry);
  if (!result.success) {
    const where = result.error.issues[0]?.path.join('.') ?? '';
    throw new AuditError('AUDIT_ENTRY_INVALID', `An audit entry is not acceptable at "${where}".`);
  }
  return result.data;
}
