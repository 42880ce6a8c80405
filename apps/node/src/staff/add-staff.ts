import type { AuditActor } from '@carecord/audit';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import { hashPassword } from '@carecord/crypto';
import type { StaffAccount, StaffStore } from '@carecord/storage';
import { z } from 'zod';
import type { StaffRole } from '../authorisation/roles.ts';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { newInitialPassword } from './codes.ts';

/** What can be typed on every keyboard, and has one way to be written. */
export const usernameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{1,63}$/, { error: 'must be 2 to 64 lower-case letters, digits and . _ @ -, and begin with a letter or digit' });

/** A new account, and the password that serves once, to set an own one: shown this once. */
export interface AddedStaff {
  readonly account: StaffAccount;
  readonly initialPassword: string;
}

/**
 * Adds an account with an initial password.
 * @throws NodeError `USERNAME_TAKEN`, `ROLE_UNAVAILABLE` for a role that is not among `roles`
 */
export async function addStaff(
  stores: { readonly staff: Pick<StaffStore, 'insert'>; readonly transactions: TransactionRunner; readonly audit: SessionAudit },
  { username, role, roles, actor }: { readonly username: string; readonly role: StaffRole; readonly roles: readonly StaffRole[]; readonly actor: AuditActor },
): Promise<AddedStaff> {
  if (!roles.includes(role)) throw new NodeError('ROLE_UNAVAILABLE', `The roles of people at this node are: ${roles.join(', ')}.`);
  const initialPassword = newInitialPassword();
  const account: StaffAccount = { id: newId(), username, passwordHash: await hashPassword(initialPassword), passwordExpired: true, role, disabled: false };
  await stores.transactions.run(async (transaction) => {
    if ((await stores.staff.insert(transaction, account)) === 'taken') throw new NodeError('USERNAME_TAKEN', 'Another account has this user name.');
    await stores.audit.append(transaction, { type: 'staff-created', outcome: 'success', actor, detail: { staff: account.id, role } });
  });
  return { account, initialPassword };
}
