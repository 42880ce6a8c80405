import { newId } from '@carecord/core';
import type { Clock, Outbox, OutboxPayload, Transaction } from '@carecord/core';
import type { PostgresTransactions } from '../database/transactions.ts';

/** The outbox in PostgreSQL: entries are rows of the caller's transaction. */
export class PostgresOutbox implements Outbox {
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly transactions: PostgresTransactions,
    private readonly clock: Clock,
  ) {}

  async enqueue(transaction: Transaction, topic: string, payload: OutboxPayload): Promise<void> {
    const now = this.clock.now();
    await this.transactions.statementsOf(transaction).outboxEntry.create({
      data: { id: newId(), topic, payload, createdAt: now, nextAttemptAt: now },
    });
    this.transactions.afterCommit(transaction, this.notify);
  }

  /** Calls the listener whenever a transaction with new entries has committed here; other replicas find them by looking. */
  onCommitted(listener: () => void): void {
    this.listeners.add(listener);
  }

  private readonly notify = (): void => {
    for (const listener of this.listeners) listener();
  };
}
