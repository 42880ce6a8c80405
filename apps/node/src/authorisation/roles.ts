/** What a staff member or program may be; what each may do stands in `permissions.ts`. */
export const STAFF_ROLES = ['clinician', 'front-desk', 'privacy-officer', 'data-steward', 'administrator', 'integration-client', 'registrar'] as const;

export type StaffRole = (typeof STAFF_ROLES)[number];

/**
 * The roles that an administrator can give to people, by what the node is. An integration client is no person: it is made
 * with its keys, and no person becomes one.
 */
export const ROLES_OF_PEOPLE = {
  hospital: ['clinician', 'front-desk', 'privacy-officer', 'data-steward', 'administrator'],
  authority: ['registrar', 'privacy-officer', 'administrator'],
} as const satisfies Readonly<Record<'hospital' | 'authority', readonly StaffRole[]>>;

/** Whether a stored text is one of today's roles: an unknown one may do nothing. */
export function isStaffRole(text: string): text is StaffRole {
  return (STAFF_ROLES as readonly string[]).includes(text);
}
