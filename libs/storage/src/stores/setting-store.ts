import type { Clock, Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { SettingStore } from '../ports.ts';

/** Settings in PostgreSQL. */
export class PostgresSettingStore implements SettingStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
    private readonly clock: Clock,
  ) {}

  async read(name: string, transaction?: Transaction): Promise<string | undefined> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    if (transaction !== undefined) await statements.$executeRaw`SELECT 1 FROM setting WHERE name = ${name} FOR UPDATE`;
    return (await statements.setting.findUnique({ where: { name } }))?.value;
  }

  async write(name: string, value: string | undefined, transaction?: Transaction): Promise<void> {
    const { setting } = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    if (value === undefined) {
      await setting.deleteMany({ where: { name } });
      return;
    }
    const updatedAt = this.clock.now();
    await setting.upsert({ where: { name }, create: { name, value, updatedAt }, update: { value, updatedAt } });
  }
}
