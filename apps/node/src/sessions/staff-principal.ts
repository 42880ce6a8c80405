import type { AuditActor } from '@carecord/audit';
import type { StaffAccount } from '@carecord/storage';
import { isStaffRole } from '../authorisation/roles.ts';
import type { StaffRole } from '../authorisation/roles.ts';

/** The staff member (or program) on whose behalf a request is handled. */
export interface StaffPrincipal {
  readonly staffId: string;
  readonly username: string;
  readonly role: StaffRole;
  /** When they last proved, in this session, once more who they are. */
  readonly stepUpAt?: Date;
}

/** How the audit log names a staff member: by id and role, never by name. */
export function actorOf(staff: StaffPrincipal): AuditActor {
  return { kind: 'staff', id: staff.staffId, role: staff.role };
}

/** Who an account is; undefined for one that is disabled, or has a role that this version does not know. */
export function principalOf(account: StaffAccount): StaffPrincipal | undefined {
  if (account.disabled || !isStaffRole(account.role)) return undefined;
  return { staffId: account.id, username: account.username, role: account.role };
}
