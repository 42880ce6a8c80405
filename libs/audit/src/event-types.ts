/** Every kind of event that the log can hold. The vocabulary is this file alone: a new kind of event starts here. */
export const AUDIT_EVENT_TYPES = [
  // The node and its people
  'node-started',
  'node-stopped',
  'sign-in',
  'sign-in-refused',
  'sign-out',
  'sessions-ended',
  'step-up',
  'step-up-refused',
  'operation-refused',
  'password-changed',
  'second-factor-added',
  'second-factor-removed',
  'staff-created',
  'staff-changed',
  'client-registered',
  'client-keys-replaced',
  'client-disabled',
  'member-admitted',
  'member-refused',
  'member-suspended',
  'member-reinstated',
  'member-revoked',
  'admission-ticket-created',
  'keys-rotated',
  'keys-rewrapped',
  'root-keys-destroyed',
  'audit-read',
  'inbox-read',
  // Records of this hospital
  'bundle-admitted',
  'bundle-refused',
  'patient-found',
  'timeline-read',
  'listing-changed',
  'consent-given',
  'consent-withdrawn',
  // Locating
  'pointer-published',
  'pointer-withdrawn',
  'pointer-evaluated',
  'pointer-evaluation-refused',
  'patient-located',
  // Exchange, as the asker and as the holder
  'access-requested',
  'access-referred',
  'access-decided',
  'access-refused',
  'records-released',
  'release-revoked',
  'blocks-served',
  'blocks-refused',
  'records-received',
  'records-read',
] as const;

/** One of {@link AUDIT_EVENT_TYPES}. */
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/** How it ended: done, refused by a rule, or broken by a fault. */
export const AUDIT_OUTCOMES = ['success', 'refused', 'failure'] as const;

/** One of {@link AUDIT_OUTCOMES}. */
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Who can act: a person or agent signed in here, another hospital, or the node itself. */
export const AUDIT_ACTOR_KINDS = ['staff', 'hospital', 'system'] as const;

/** One of {@link AUDIT_ACTOR_KINDS}. */
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];
