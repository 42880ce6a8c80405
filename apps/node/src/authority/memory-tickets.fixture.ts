import type { Transaction } from '@carecord/core';
import type { TicketStore } from '@carecord/storage';

/** Tickets of a test, in memory. */
export class MemoryTickets implements TicketStore {
  private readonly tickets = new Map<string, { readonly expiresAt: Date; usedBy?: string }>();

  add(tickets: readonly { readonly tokenHash: Uint8Array; readonly expiresAt: Date }[]): Promise<void> {
    for (const { tokenHash, expiresAt } of tickets) {
      const key = Buffer.from(tokenHash).toString('hex');
      if (!this.tickets.has(key)) this.tickets.set(key, { expiresAt });
    }
    return Promise.resolve();
  }

  use(_transaction: Transaction, tokenHash: Uint8Array, did: string, now: Date): Promise<'used' | 'invalid'> {
    const ticket = this.tickets.get(Buffer.from(tokenHash).toString('hex'));
    if (ticket === undefined || ticket.expiresAt <= now || (ticket.usedBy ?? did) !== did) return Promise.resolve('invalid');
    ticket.usedBy = did;
    return Promise.resolve('used');
  }
}
