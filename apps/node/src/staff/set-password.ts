import type { TransactionRunner } from '@carecord/core';
import { hashPassword, verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { credentialStamp } from './credential-stamp.ts';
import { checkNewPassword } from './password-policy.ts';

/** What it takes to set a password. */
export interface PasswordDependencies {
  readonly staff: Pick<StaffStore, 'lock' | 'change'>;
  readonly sessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
}

/**
 * Sets the password that a person has chosen, and ends their sessions.
 * @param keep the hash of the session that goes on
 * @returns the account with that password, whatever becomes of it afterwards
 * @throws NodeError `PASSWORD_UNACCEPTABLE`; `SIGN_IN_EXPIRED` when the account was changed meanwhile
 */
export async function setOwnPassword({ staff, sessions, transactions, audit }: PasswordDependencies, account: StaffAccount, password: string, keep?: Uint8Array): Promise<StaffAccount> {
  checkNewPassword(password, account.username);
  if (account.passwordHash !== undefined && (await verifyPassword(password, account.passwordHash))) {
    throw new NodeError('PASSWORD_UNACCEPTABLE', 'This is the password that you have now: choose another one.');
  }
  const passwordHash = await hashPassword(password);
  return await transactions.run(async (transaction) => {
    const present = await staff.lock(transaction, account.id);
    if (present === undefined || credentialStamp(present) !== credentialStamp(account)) throw meanwhile();
    const changed = await staff.change(transaction, account.id, { passwordHash, passwordExpired: false });
    if (changed === undefined) throw meanwhile();
    await sessions.removeOfStaff(transaction, account.id, keep);
    await audit.append(transaction, { type: 'password-changed', outcome: 'success', actor: { kind: 'staff', id: account.id, role: account.role } });
    return changed;
  });
}

function meanwhile(): NodeError {
  return new NodeError('SIGN_IN_EXPIRED', 'The account was changed meanwhile: begin anew.');
}
