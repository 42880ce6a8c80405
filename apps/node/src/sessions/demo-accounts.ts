import { newId } from '@carecord/core';
import { hashPassword, verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffStore } from '@carecord/storage';
import type { DemoAccount } from '../config/demo-files.ts';

/** Creates the demo's accounts, and brings those that exist to the password and role of the file, which ends their sessions. */
export async function ensureDemoAccounts(accounts: readonly DemoAccount[], stores: { readonly staff: StaffStore; readonly sessions: Pick<SessionStore, 'removeOfStaff'> }): Promise<void> {
  const { staff, sessions } = stores;
  for (const { username, password, role } of accounts) {
    const existing = await staff.findByUsername(username);
    if (existing !== undefined && existing.role === role && !existing.disabled && (await verifyPassword(password, existing.passwordHash))) continue;
    const account = await staff.save({ id: existing?.id ?? newId(), username, passwordHash: await hashPassword(password), role, disabled: false });
    await sessions.removeOfStaff(account.id);
  }
}
