import type { Transaction } from './transaction.ts';

/** JSON without personal data: identifiers of our own, codes, numbers. */
export type OutboxPayload = Readonly<Record<string, string | number | boolean>>;

/** Work that must happen because of what a transaction wrote: kept in the same transaction, done afterwards, at least once. */
export interface Outbox {
  /** Adds an entry that a worker hands to the topic's handler once the transaction has committed. */
  enqueue(transaction: Transaction, topic: string, payload: OutboxPayload): Promise<void>;
}

/** Handles one topic's entries. It may be called again with the same payload, so it must be idempotent. */
export type OutboxHandler = (payload: OutboxPayload) => Promise<void>;
