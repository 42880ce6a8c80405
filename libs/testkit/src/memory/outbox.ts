import type { Outbox, OutboxHandler, OutboxPayload, Transaction } from '@carecord/core';
import { MemoryState } from './transactions.ts';
import type { MemoryTransactions } from './transactions.ts';

/** An entry that waits for its handler. */
export interface MemoryOutboxEntry {
  readonly topic: string;
  readonly payload: OutboxPayload;
}

/** An outbox whose entries a test looks at, or hands to handlers when it wants to. */
export class MemoryOutbox implements Outbox {
  private readonly state = new MemoryState<MemoryOutboxEntry[]>([], (entries) => [...entries]);

  constructor(private readonly transactions: MemoryTransactions) {}

  enqueue(transaction: Transaction, topic: string, payload: OutboxPayload): Promise<void> {
    this.state.write(transaction).push({ topic, payload: { ...payload } });
    return Promise.resolve();
  }

  /** Committed entries, oldest first. */
  entries(): readonly MemoryOutboxEntry[] {
    return this.state.read();
  }

  /**
   * Hands every committed entry of the topic to the handler, in order, also those that are added meanwhile; an entry
   * leaves the outbox when its handler has resolved.
   * @returns how many were handled
   */
  async deliver(topic: string, handler: OutboxHandler): Promise<number> {
    for (let handled = 0; ; handled += 1) {
      const entry = this.state.read().find((candidate) => candidate.topic === topic);
      if (entry === undefined) return handled;
      await handler(entry.payload);
      await this.transactions.run((transaction) => {
        const entries = this.state.write(transaction);
        entries.splice(entries.indexOf(entry), 1);
        return Promise.resolve();
      });
    }
  }
}
