import { constantTimeEqual } from '@carecord/crypto';
import { AuditError } from './audit-error.ts';
import { GENESIS_HASH, hashEvent } from './event-hash.ts';
import type { AuditEvent } from './event.ts';
import type { AuditHead } from './ports.ts';

/** Before the first event. */
export const EMPTY_HEAD: AuditHead = { sequence: 0, hash: GENESIS_HASH };

/**
 * Checks that an event follows a head and is what was written.
 * @returns the head after it
 * @throws AuditError `AUDIT_CHAIN_BROKEN` with the sequence that should have followed
 */
export function verifyLink(head: AuditHead, event: AuditEvent): AuditHead {
  const expected = head.sequence + 1;
  if (event.sequence !== expected) throw broken(expected, 'is missing');
  if (!constantTimeEqual(event.previousHash, head.hash)) throw broken(expected, 'does not follow the event before it');
  if (!constantTimeEqual(event.hash, recomputedHash(event))) throw broken(expected, 'was changed');
  return { sequence: event.sequence, hash: event.hash };
}

function recomputedHash(event: AuditEvent): Uint8Array {
  try {
    return hashEvent(event);
  } catch (cause) {
    // What cannot be encoded cannot have been written by us.
    throw broken(event.sequence, 'was changed', cause);
  }
}

function broken(sequence: number, what: string, cause?: unknown): AuditError {
  return new AuditError('AUDIT_CHAIN_BROKEN', `The audit log is broken: event ${sequence} ${what}.`, { sequence, cause });
}
