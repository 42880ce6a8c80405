import type { KnownMember } from './ports.ts';

/**
 * Whether a member may do at `now` what only hospitals do. A connection may outlive the membership that it was opened with,
 * so the end of the membership counts too.
 */
export function isHospitalMember(member: Pick<KnownMember, 'roles' | 'membershipValidUntil'>, now: Date): boolean {
  return member.roles.includes('hospital') && member.membershipValidUntil > now;
}
