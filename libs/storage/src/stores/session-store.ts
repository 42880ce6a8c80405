import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { StaffSessionModel } from '../generated/models/StaffSession.ts';
import type { SessionStore, StoredSession } from '../ports.ts';

/** Sessions in PostgreSQL. */
export class PostgresSessionStore implements SessionStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(transaction: Transaction, session: StoredSession): Promise<void> {
    await this.transactions.statementsOf(transaction).staffSession.create({ data: { ...session, tokenHash: owned(session.tokenHash) } });
  }

  async find(tokenHash: Uint8Array): Promise<StoredSession | undefined> {
    const row = await this.database.staffSession.findUnique({ where: { tokenHash: owned(tokenHash) } });
    return row === null ? undefined : sessionOf(row);
  }

  async listOfStaff(staffId: string): Promise<StoredSession[]> {
    if (!isUuid(staffId)) return [];
    const rows = await this.database.staffSession.findMany({ where: { staffId }, orderBy: [{ createdAt: 'desc' }, { tokenHash: 'asc' }] });
    return rows.map(sessionOf);
  }

  async touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void> {
    await this.database.staffSession.updateMany({ where: { tokenHash: owned(tokenHash) }, data: { lastUsedAt } });
  }

  async stepUp(transaction: Transaction, tokenHash: Uint8Array, stepUpAt: Date): Promise<boolean> {
    const { count } = await this.transactions.statementsOf(transaction).staffSession.updateMany({ where: { tokenHash: owned(tokenHash) }, data: { stepUpAt } });
    return count === 1;
  }

  async remove(tokenHash: Uint8Array): Promise<void> {
    await this.database.staffSession.deleteMany({ where: { tokenHash: owned(tokenHash) } });
  }

  async removeOfStaff(transaction: Transaction, staffId: string, keep?: Uint8Array): Promise<number> {
    if (!isUuid(staffId)) return 0;
    const { count } = await this.transactions.statementsOf(transaction).staffSession.deleteMany({
      where: { staffId, ...(keep === undefined ? {} : { NOT: { tokenHash: owned(keep) } }) },
    });
    return count;
  }

  async removeExpired({ createdBefore, lastUsedBefore, now }: { readonly createdBefore: Date; readonly lastUsedBefore: Date; readonly now: Date }): Promise<number> {
    const { count } = await this.database.staffSession.deleteMany({
      where: { OR: [{ createdAt: { lt: createdBefore } }, { lastUsedAt: { lt: lastUsedBefore } }, { expiresAt: { lte: now } }] },
    });
    return count;
  }
}

function sessionOf({ stepUpAt, expiresAt, ...session }: StaffSessionModel): StoredSession {
  return { ...session, ...optional('stepUpAt', stepUpAt), ...optional('expiresAt', expiresAt) };
}
