import { toHex } from '@carecord/core';
import { keyedToken } from '@carecord/crypto';

const CONTEXT = 'exchange/staff-pseudonym';

/**
 * What a member of the staff is called towards one other hospital: always the same there, and another one everywhere else, so
 * that two hospitals cannot put together what they see of one person. The asking hospital alone can tell who it is.
 * @param key the hospital's own key for this and nothing else (ring key `staff-pseudonym`), 32 bytes
 * @param staffId the id of the account
 * @param holderDid the hospital that is asked
 * @returns 64 hexadecimal digits
 */
export function staffPseudonym(key: Uint8Array, staffId: string, holderDid: string): string {
  return toHex(keyedToken(key, CONTEXT, staffId, holderDid));
}
