import type { Transaction } from '@carecord/core';
import type { AuditEvent, AuditFilter } from './event.ts';

/** The newest event's position and hash. */
export interface AuditHead {
  readonly sequence: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** Where the log is kept. It only ever grows: there is no way to change or remove an event. */
export interface AuditStore {
  /**
   * The head, locked until the transaction ends: a second transaction that asks waits, also while the log is still
   * empty. It sees what the transactions before it have committed, and what this transaction has inserted.
   * @returns undefined while the log is empty
   */
  lockHead(transaction: Transaction): Promise<AuditHead | undefined>;
  /** Adds events, in one statement. A sequence that exists already fails the transaction. */
  insert(transaction: Transaction, events: readonly AuditEvent[]): Promise<void>;
  /** Committed events that match, newest (highest sequence) first. */
  list(filter: AuditFilter): Promise<AuditEvent[]>;
  /** Committed events from a sequence on (inclusive), oldest first, at most `limit`. */
  scan(fromSequence: number, limit: number): Promise<AuditEvent[]>;
}
