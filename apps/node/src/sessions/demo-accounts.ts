import { newId } from '@carecord/core';
import { hashPassword, verifyPassword } from '@carecord/crypto';
import type { DemoAccount } from '../config/demo-files.ts';
import type { StaffStore } from './ports.ts';

/** Creates the demo's accounts, and brings those that exist to the password and role of the file. */
export async function ensureDemoAccounts(accounts: readonly DemoAccount[], staff: StaffStore): Promise<void> {
  for (const { username, password, role } of accounts) {
    const existing = await staff.findByUsername(username);
    if (existing !== undefined && existing.role === role && !existing.disabled && (await verifyPassword(password, existing.passwordHash))) continue;
    await staff.save({ id: existing?.id ?? newId(), username, passwordHash: await hashPassword(password), role, disabled: false });
  }
}
