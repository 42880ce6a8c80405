import { bytes, canonicalJson, encodeWire } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import { z } from 'zod';
import type { AuditEvent } from './event.ts';

/** The hash that stands before the first event. */
export const GENESIS_HASH: Uint8Array = new Uint8Array(32);

/** Also the version of the encoding: another encoding takes another context. */
const HASH_CONTEXT = 'audit/event';

const optionalText = z.string().nullable();

/** What is hashed. Every field is always there, so that a store may keep "absent" as null without changing the hash. */
const hashedEventSchema = z.strictObject({
  id: z.string(),
  sequence: z.int().positive(),
  recordedAt: z.int(),
  type: z.string(),
  outcome: z.string(),
  actorKind: z.string(),
  actorId: z.string(),
  actorRole: optionalText,
  patientId: optionalText,
  requestId: optionalText,
  counterparty: optionalText,
  purpose: optionalText,
  reasonCode: optionalText,
  detail: optionalText,
  previousHash: bytes({ exactly: GENESIS_HASH.length }),
});

/**
 * The hash of an event, 32 bytes: SHA-256 over its deterministic CBOR, `previousHash` included. The detail goes in as
 * canonical JSON, because a database may reorder its members.
 */
export function hashEvent(event: Omit<AuditEvent, 'hash'>): Uint8Array {
  const encoded = encodeWire(hashedEventSchema, {
    id: event.id,
    sequence: event.sequence,
    recordedAt: event.recordedAt.getTime(),
    type: event.type,
    outcome: event.outcome,
    actorKind: event.actor.kind,
    actorId: event.actor.id,
    actorRole: event.actor.role ?? null,
    patientId: event.patientId ?? null,
    requestId: event.requestId ?? null,
    counterparty: event.counterparty ?? null,
    purpose: event.purpose ?? null,
    reasonCode: event.reasonCode ?? null,
    detail: event.detail === undefined ? null : canonicalJson(event.detail),
    previousHash: event.previousHash,
  });
  return hashWithContext(HASH_CONTEXT, encoded);
}
