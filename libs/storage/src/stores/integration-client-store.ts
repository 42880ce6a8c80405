import type { Transaction } from '@carecord/core';
import type { IntegrationClientStore, StoredIntegrationClient } from '../client-ports.ts';
import type { Database } from '../database/connection.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { Prisma } from '../generated/client.ts';

/** Registered programs in PostgreSQL. */
export class PostgresIntegrationClientStore implements IntegrationClientStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(transaction: Transaction, { keySet, ...client }: StoredIntegrationClient): Promise<void> {
    await this.transactions.statementsOf(transaction).integrationClient.create({ data: { ...client, keySet: keySet as Prisma.InputJsonValue } });
  }

  async find(clientId: string): Promise<StoredIntegrationClient | undefined> {
    return (await this.database.integrationClient.findUnique({ where: { clientId } })) ?? undefined;
  }

  async list(): Promise<StoredIntegrationClient[]> {
    return await this.database.integrationClient.findMany({ orderBy: [{ createdAt: 'asc' }, { clientId: 'asc' }] });
  }

  async replaceKeys(transaction: Transaction, clientId: string, keySet: unknown): Promise<boolean> {
    const { count } = await this.transactions.statementsOf(transaction).integrationClient.updateMany({
      where: { clientId },
      data: { keySet: keySet as Prisma.InputJsonValue },
    });
    return count === 1;
  }
}
