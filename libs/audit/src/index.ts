/**
 * What happened at this hospital and who did it: an append-only hash chain, written in the same transaction as what it
 * tells of.
 *
 * @example
 * const log = new AuditLog(store, systemClock);
 * await transactions.run(async (transaction) => {
 *   // … first everything else, then:
 *   await log.append(transaction, { type: 'timeline-read', outcome: 'success', actor: { kind: 'staff', id: staffId }, patientId });
 * });
 * await log.verify();
 */
export { AuditError } from './audit-error.ts';
export { AuditLog, MAX_AUDIT_LIST } from './audit-log.ts';
export { AUDIT_ACTOR_KINDS, AUDIT_EVENT_TYPES, AUDIT_OUTCOMES } from './event-types.ts';
export { GENESIS_HASH, hashEvent } from './event-hash.ts';
export type { AuditErrorCode } from './audit-error.ts';
export type { AuditActorKind, AuditEventType, AuditOutcome } from './event-types.ts';
export type { AuditActor, AuditDetail, AuditEntry, AuditEvent, AuditFilter } from './event.ts';
export type { AuditHead, AuditStore } from './ports.ts';
