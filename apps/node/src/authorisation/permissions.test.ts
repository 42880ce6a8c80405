import { describe, expect, it } from '@jest/globals';
import { isPermitted, PERMISSIONS, permissionsOf } from './permissions.ts';
import type { Permission } from './permissions.ts';
import { isStaffRole, ROLES_OF_PEOPLE, STAFF_ROLES } from './roles.ts';
import type { StaffRole } from './roles.ts';

/** Who may do what, the other way round and by hand: a change of the table must be meant twice. */
const ALLOWED: Readonly<Record<Permission, readonly StaffRole[]>> = {
  'session.own': ['clinician', 'front-desk', 'privacy-officer', 'data-steward', 'administrator', 'registrar'],
  'bundle.admit': ['clinician', 'front-desk', 'administrator', 'integration-client'],
  'patient.find': ['clinician', 'front-desk', 'privacy-officer', 'integration-client'],
  'patient.read': ['clinician', 'front-desk', 'integration-client'],
  'timeline.read': ['clinician'],
  'consent.read': ['clinician', 'front-desk', 'privacy-officer'],
  'consent.manage': ['clinician', 'front-desk', 'privacy-officer'],
  'listing.change': ['front-desk', 'privacy-officer'],
  'patient.locate': ['clinician'],
  'access.request': ['clinician'],
  'access.read-released': ['clinician'],
  'access.inbox': ['privacy-officer'],
  'access.decide': ['privacy-officer'],
  'audit.read': ['privacy-officer'],
  'members.read': ['clinician', 'front-desk', 'privacy-officer', 'data-steward', 'administrator', 'registrar'],
  'node.status': ['privacy-officer', 'administrator'],
  'network.read': ['administrator'],
  'keys.read': ['administrator'],
  'keys.manage': ['administrator'],
  'staff.read': ['privacy-officer', 'administrator'],
  'staff.manage': ['administrator'],
  'clients.manage': ['administrator'],
  'membership.read': ['administrator', 'registrar'],
  'membership.manage': ['administrator', 'registrar'],
};

describe('the permission table', () => {
  it.each(PERMISSIONS.flatMap((permission) => STAFF_ROLES.map((role) => ({ permission, role, allowed: ALLOWED[permission].includes(role) }))))(
    '$permission for $role: $allowed',
    ({ permission, role, allowed }) => {
      expect(isPermitted(role, permission)).toBe(allowed);
      expect(permissionsOf(role).includes(permission)).toBe(allowed);
    },
  );

  it('refuses what it does not know', () => {
    expect(isPermitted('king' as StaffRole, 'audit.read')).toBe(false);
    expect(isPermitted('constructor' as StaffRole, 'audit.read')).toBe(false);
    expect(isPermitted('clinician', 'everything' as Permission)).toBe(false);
    expect(isStaffRole('king')).toBe(false);
    expect(isStaffRole('clinician')).toBe(true);
  });

  it('keeps the role of programs from people', () => {
    for (const roles of Object.values(ROLES_OF_PEOPLE)) expect(roles).not.toContain('integration-client');
  });
});
