import { toHex } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import type { NewTicket, SettingStore, TicketStore } from '@carecord/storage';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';
import type { MemoryTransactions } from './transactions.ts';

/** Settings in memory. */
export class MemorySettingStore implements SettingStore {
  private readonly state = new MemoryState<Map<string, string>>(new Map(), (values) => new Map(values));

  /** For tests that look for secrets, or that damage what is stored. */
  get values(): Map<string, string> {
    return this.state.read();
  }

  read(name: string, transaction?: Transaction): Promise<string | undefined> {
    return Promise.resolve(this.state.read(transaction).get(name));
  }

  write(name: string, value: string | undefined, transaction?: Transaction): Promise<void> {
    const values = transaction === undefined ? this.values : this.state.write(transaction);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    return Promise.resolve();
  }
}

interface Ticket {
  readonly expiresAt: Date;
  readonly name?: string | undefined;
  readonly usedBy?: string;
}

/** Admission tickets in memory. */
export class MemoryTicketStore implements TicketStore {
  private readonly state = new MemoryState<Map<string, Ticket>>(new Map(), (tickets) => new Map(tickets));

  constructor(private readonly transactions: MemoryTransactions) {}

  add(added: readonly NewTicket[]): Promise<void> {
    return this.transactions.run((transaction) => {
      const tickets = this.state.write(transaction);
      for (const { tokenHash, expiresAt, name } of added) {
        if (!tickets.has(toHex(tokenHash))) tickets.set(toHex(tokenHash), { expiresAt: clone(expiresAt), name });
      }
      return Promise.resolve();
    });
  }

  use(transaction: Transaction, tokenHash: Uint8Array, { did, name }: { readonly did: string; readonly name: string }, now: Date): Promise<'used' | 'invalid'> {
    const ticket = this.state.read(transaction).get(toHex(tokenHash));
    if (ticket === undefined || ticket.expiresAt <= now || (ticket.usedBy ?? did) !== did || (ticket.name ?? name) !== name) return Promise.resolve('invalid');
    this.state.write(transaction).set(toHex(tokenHash), { ...ticket, usedBy: did });
    return Promise.resolve('used');
  }
}
