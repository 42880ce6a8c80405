import { toBase64Url } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import type { StaffAccount } from '@carecord/storage';

/**
 * A short text that changes with everything by which an account signs in: what was proved before such a change is worth nothing
 * after it.
 */
export function credentialStamp({ passwordHash, passwordExpired, role, disabled, sealedTotp, totpConfirmedAt }: StaffAccount): string {
  const facts = JSON.stringify([passwordHash ?? null, passwordExpired, role, disabled, totpConfirmedAt?.getTime() ?? null]);
  return toBase64Url(hashWithContext('node/credential-stamp', facts, sealedTotp ?? new Uint8Array()));
}
