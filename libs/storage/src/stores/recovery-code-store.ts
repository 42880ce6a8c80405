import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { RecoveryCodeStore } from '../ports.ts';

/** Recovery codes in PostgreSQL. */
export class PostgresRecoveryCodeStore implements RecoveryCodeStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async replace(transaction: Transaction, staffId: string, codeHashes: readonly Uint8Array[], createdAt: Date): Promise<void> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.staffRecoveryCode.deleteMany({ where: { staffId } });
    await statements.staffRecoveryCode.createMany({ data: codeHashes.map((codeHash) => ({ codeHash: owned(codeHash), staffId, createdAt })) });
  }

  async use(staffId: string, codeHash: Uint8Array, usedAt: Date): Promise<boolean> {
    if (!isUuid(staffId)) return false;
    // One statement that looks and takes: of two that show the same code, the second finds it used.
    const { count } = await this.database.staffRecoveryCode.updateMany({ where: { staffId, codeHash: owned(codeHash), usedAt: null }, data: { usedAt } });
    return count === 1;
  }

  async count(staffId: string): Promise<number> {
    return isUuid(staffId) ? await this.database.staffRecoveryCode.count({ where: { staffId, usedAt: null } }) : 0;
  }
}
