import type { StaffRole } from './roles.ts';

/** Everything that a signed-in person or program can do; each GraphQL field requires exactly one. */
export const PERMISSIONS = [
  'session.own',
  'bundle.admit',
  'patient.find',
  'patient.read',
  'timeline.read',
  'consent.read',
  'consent.manage',
  'listing.change',
  'patient.locate',
  'access.request',
  'access.read-released',
  'access.inbox',
  'access.decide',
  'audit.read',
  'members.read',
  'node.status',
  'network.read',
  'keys.read',
  'keys.manage',
  'staff.read',
  'staff.manage',
  'clients.manage',
  'membership.read',
  'membership.manage',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/**
 * The one table of who may do what. What is not here is refused. An administrator runs the node and feeds data in but
 * reads no record; a privacy officer decides and reviews (and so sees which person an id in the audit trail is) but reads
 * no clinical content; a program admits and finds but reads no released record, for which a person must answer.
 */
const GRANTED: Readonly<Record<StaffRole, readonly Permission[]>> = {
  clinician: [
    'session.own',
    'bundle.admit',
    'patient.find',
    'patient.read',
    'timeline.read',
    'consent.read',
    'consent.manage',
    'patient.locate',
    'access.request',
    'access.read-released',
    'members.read',
  ],
  'front-desk': ['session.own', 'bundle.admit', 'patient.find', 'patient.read', 'consent.read', 'consent.manage', 'listing.change', 'members.read'],
  'privacy-officer': [
    'session.own',
    'patient.find',
    'consent.read',
    'consent.manage',
    'listing.change',
    'access.inbox',
    'access.decide',
    'audit.read',
    'members.read',
    'node.status',
    'staff.read',
  ],
  'data-steward': ['session.own', 'members.read'],
  administrator: [
    'session.own',
    'bundle.admit',
    'members.read',
    'node.status',
    'network.read',
    'keys.read',
    'keys.manage',
    'staff.read',
    'staff.manage',
    'clients.manage',
    'membership.read',
    'membership.manage',
  ],
  'integration-client': ['bundle.admit', 'patient.find', 'patient.read'],
  registrar: ['session.own', 'members.read', 'membership.read', 'membership.manage'],
};

/** Whether the role holds the permission: false unless the table says so. */
export function isPermitted(role: StaffRole, permission: Permission): boolean {
  return Object.hasOwn(GRANTED, role) && GRANTED[role].includes(permission);
}

/** What the role may do: a client hides the rest. */
export function permissionsOf(role: StaffRole): readonly Permission[] {
  return GRANTED[role];
}
