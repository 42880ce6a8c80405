import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import { hashPassword, verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffStore } from '@carecord/storage';
import type { DemoAccount } from '../config/demo-files.ts';

/** Creates the demo's accounts, and brings those that exist to the password and role of the file, which ends their sessions. */
export async function ensureDemoAccounts(
  accounts: readonly DemoAccount[],
  stores: { readonly staff: Pick<StaffStore, 'findByUsername' | 'save'>; readonly sessions: Pick<SessionStore, 'removeOfStaff'>; readonly transactions: TransactionRunner },
): Promise<void> {
  const { staff, sessions, transactions } = stores;
  for (const { username, password, role } of accounts) {
    const existing = await staff.findByUsername(username);
    const known = existing?.passwordHash !== undefined && !existing.disabled && !existing.passwordExpired && existing.role === role;
    if (known && (await verifyPassword(password, existing.passwordHash ?? ''))) continue;
    const account = await staff.save({ id: existing?.id ?? newId(), username, passwordHash: await hashPassword(password), passwordExpired: false, role, disabled: false });
    await transactions.run((transaction) => sessions.removeOfStaff(transaction, account.id));
  }
}
