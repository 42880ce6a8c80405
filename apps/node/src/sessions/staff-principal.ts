import type { AuditActor } from '@carecord/audit';
import type { StaffRole } from '../authorisation/roles.ts';

/** The staff member on whose behalf a request is handled. */
export interface StaffPrincipal {
  readonly staffId: string;
  readonly username: string;
  readonly role: StaffRole;
}

/** How the audit log names a staff member: by id and role, never by name. */
export function actorOf(staff: StaffPrincipal): AuditActor {
  return { kind: 'staff', id: staff.staffId, role: staff.role };
}
