import type { Member } from './ports.ts';

/**
 * Whether a member may do at `now` what only hospitals do. A connection may outlive the membership that it was opened with,
 * so the end of the membership counts too.
 */
export function isHospitalMember(member: Member, now: Date): boolean {
  return member.roles.includes('hospital') && member.membershipValidUntil > now;
}
