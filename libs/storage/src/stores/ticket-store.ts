import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { NewTicket, TicketStore } from '../ports.ts';

/** Admission tickets in PostgreSQL. */
export class PostgresTicketStore implements TicketStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async add(tickets: readonly NewTicket[], now: Date): Promise<void> {
    await this.database.admissionTicket.createMany({
      data: tickets.map(({ tokenHash, expiresAt, name }) => ({ tokenHash: owned(tokenHash), expiresAt, createdAt: now, name: name ?? null })),
      skipDuplicates: true,
    });
  }

  async use(transaction: Transaction, tokenHash: Uint8Array, { did, name }: { readonly did: string; readonly name: string }, now: Date): Promise<'used' | 'invalid'> {
    // One statement that looks and takes: of two applicants at once, the second waits and finds it taken.
    const { count } = await this.transactions.statementsOf(transaction).admissionTicket.updateMany({
      where: { tokenHash: owned(tokenHash), expiresAt: { gt: now }, AND: [{ OR: [{ usedBy: null }, { usedBy: did }] }, { OR: [{ name: null }, { name }] }] },
      data: { usedBy: did, usedAt: now },
    });
    return count === 1 ? 'used' : 'invalid';
  }
}
