import type { Clock } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid } from '../database/rows.ts';
import type { StaffAccountModel } from '../generated/models/StaffAccount.ts';
import type { StaffAccount, StaffStore } from '../ports.ts';

/** Staff accounts in PostgreSQL. */
export class PostgresStaffStore implements StaffStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async findByUsername(username: string): Promise<StaffAccount | undefined> {
    return toAccount(await this.database.staffAccount.findUnique({ where: { username } }));
  }

  async findById(staffId: string): Promise<StaffAccount | undefined> {
    return isUuid(staffId) ? toAccount(await this.database.staffAccount.findUnique({ where: { id: staffId } })) : undefined;
  }

  async save({ id, username, passwordHash, role, disabled }: StaffAccount): Promise<StaffAccount> {
    const { createdAt: _, ...account } = await this.database.staffAccount.upsert({
      where: { username },
      create: { id, username, passwordHash, role, disabled, createdAt: this.clock.now() },
      update: { passwordHash, role, disabled },
    });
    return account;
  }
}

function toAccount(row: StaffAccountModel | null): StaffAccount | undefined {
  if (row === null) return undefined;
  const { createdAt: _, ...account } = row;
  return account;
}
