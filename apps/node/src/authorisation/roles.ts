/** What a staff member may be at their hospital; what each may do stands in `permissions.ts`. */
export const STAFF_ROLES = ['clinician', 'front-desk', 'privacy-officer', 'administrator'] as const;

export type StaffRole = (typeof STAFF_ROLES)[number];

/** Whether a stored text is one of today's roles: an unknown one may do nothing. */
export function isStaffRole(text: string): text is StaffRole {
  return (STAFF_ROLES as readonly string[]).includes(text);
}
