import type { Transaction } from '@carecord/core';

/** Admission tickets: each admits one hospital, once. */
export interface TicketStore {
  /** Adds tickets by hash; those that are known stay as they are. */
  add(tickets: readonly { readonly tokenHash: Uint8Array; readonly expiresAt: Date }[], now: Date): Promise<void>;
  /**
   * Uses a ticket for a DID: `used` when it was open, or when this very DID used it before (its answer may have been lost);
   * `invalid` when it is unknown, over, or used by another one. The row is locked until the transaction ends.
   */
  use(transaction: Transaction, tokenHash: Uint8Array, did: string, now: Date): Promise<'used' | 'invalid'>;
}
