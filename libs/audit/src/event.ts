import type { AuditActorKind, AuditEventType, AuditOutcome } from './event-types.ts';

/** Who did it. */
export interface AuditActor {
  readonly kind: AuditActorKind;
  /** Staff id, DID or service name: never a person's name. */
  readonly id: string;
  /** The role in which a staff member acted. */
  readonly role?: string;
}

/** Plain values that explain an event: our own codes, counts and content ids, never a text about a patient. */
export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

/** What a caller says happened. Nothing in it is personal: patients are named by our internal id alone. */
export interface AuditEntry {
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  readonly actor: AuditActor;
  /** Internal patient id (UUID). */
  readonly patientId?: string;
  /** The access request that this event belongs to. */
  readonly requestId?: string;
  /** DID of the other hospital. */
  readonly counterparty?: string;
  /** Purpose of use (v3-ActReason code). */
  readonly purpose?: string;
  /** Why it was refused or failed: an error code of ours. */
  readonly reasonCode?: string;
  readonly detail?: AuditDetail;
}

/** An entry as it stands in the log, bound to all that came before it. */
export interface AuditEvent extends AuditEntry {
  readonly id: string;
  /** Position in the log: 1, 2, 3 … without gaps. */
  readonly sequence: number;
  /** Millisecond precision. */
  readonly recordedAt: Date;
  /** Hash of the event before, 32 bytes; zeros for the first. */
  readonly previousHash: Uint8Array;
  /** Hash of this event, 32 bytes: over all fields above, `previousHash` among them. */
  readonly hash: Uint8Array;
}

/** Which events to list; all conditions must hold. */
export interface AuditFilter {
  readonly patientId?: string;
  readonly requestId?: string;
  readonly types?: readonly AuditEventType[];
  /** Only events with a lower sequence: the sequence of the last event of the page before. */
  readonly before?: number;
  /** Events at the most. */
  readonly limit: number;
}
