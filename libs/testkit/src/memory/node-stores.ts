import type { Transaction } from '@carecord/core';
import type { SessionStore, SettingStore, StaffAccount, StaffStore, StoredSession, TicketStore } from '@carecord/storage';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';
import type { MemoryTransactions } from './transactions.ts';

/** Settings in memory. */
export class MemorySettingStore implements SettingStore {
  /** For tests that look for secrets, or that damage what is stored. */
  readonly values = new Map<string, string>();

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(name));
  }

  write(name: string, value: string): Promise<void> {
    this.values.set(name, value);
    return Promise.resolve();
  }
}

/** Staff accounts in memory. */
export class MemoryStaffStore implements StaffStore {
  private readonly accounts = new Map<string, StaffAccount>();

  findByUsername(username: string): Promise<StaffAccount | undefined> {
    return Promise.resolve(clone(this.accounts.get(username)));
  }

  findById(staffId: string): Promise<StaffAccount | undefined> {
    return Promise.resolve(clone([...this.accounts.values()].find(({ id }) => id === staffId)));
  }

  save(account: StaffAccount): Promise<StaffAccount> {
    const saved = { ...account, id: this.accounts.get(account.username)?.id ?? account.id };
    this.accounts.set(account.username, saved);
    return Promise.resolve(clone(saved));
  }
}

/** Sessions in memory, of the accounts of a staff store. */
export class MemorySessionStore implements SessionStore {
  private readonly sessions = new Map<string, StoredSession>();

  constructor(private readonly staff: Pick<StaffStore, 'findById'>) {}

  async insert(session: StoredSession): Promise<void> {
    if ((await this.staff.findById(session.staffId)) === undefined) throw new Error('There is no such account.');
    this.sessions.set(keyOf(session.tokenHash), clone(session));
  }

  find(tokenHash: Uint8Array): Promise<StoredSession | undefined> {
    return Promise.resolve(clone(this.sessions.get(keyOf(tokenHash))));
  }

  touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void> {
    const session = this.sessions.get(keyOf(tokenHash));
    if (session !== undefined) this.sessions.set(keyOf(tokenHash), { ...session, lastUsedAt: clone(lastUsedAt) });
    return Promise.resolve();
  }

  remove(tokenHash: Uint8Array): Promise<void> {
    this.sessions.delete(keyOf(tokenHash));
    return Promise.resolve();
  }

  removeOfStaff(staffId: string): Promise<number> {
    return this.removeWhere((session) => session.staffId === staffId);
  }

  removeExpired({ createdBefore, lastUsedBefore }: { readonly createdBefore: Date; readonly lastUsedBefore: Date }): Promise<number> {
    return this.removeWhere(({ createdAt, lastUsedAt }) => createdAt < createdBefore || lastUsedAt < lastUsedBefore);
  }

  /** Every stored row. */
  rows(): readonly StoredSession[] {
    return [...this.sessions.values()];
  }

  private removeWhere(matches: (session: StoredSession) => boolean): Promise<number> {
    const over = this.rows().filter(matches);
    for (const { tokenHash } of over) this.sessions.delete(keyOf(tokenHash));
    return Promise.resolve(over.length);
  }
}

interface Ticket {
  readonly expiresAt: Date;
  readonly usedBy?: string;
}

/** Admission tickets in memory. */
export class MemoryTicketStore implements TicketStore {
  private readonly state = new MemoryState<Map<string, Ticket>>(new Map(), (tickets) => new Map(tickets));

  constructor(private readonly transactions: MemoryTransactions) {}

  add(added: readonly { readonly tokenHash: Uint8Array; readonly expiresAt: Date }[]): Promise<void> {
    return this.transactions.run((transaction) => {
      const tickets = this.state.write(transaction);
      for (const { tokenHash, expiresAt } of added) {
        if (!tickets.has(keyOf(tokenHash))) tickets.set(keyOf(tokenHash), { expiresAt: clone(expiresAt) });
      }
      return Promise.resolve();
    });
  }

  use(transaction: Transaction, tokenHash: Uint8Array, did: string, now: Date): Promise<'used' | 'invalid'> {
    const ticket = this.state.read(transaction).get(keyOf(tokenHash));
    if (ticket === undefined || ticket.expiresAt <= now || (ticket.usedBy ?? did) !== did) return Promise.resolve('invalid');
    this.state.write(transaction).set(keyOf(tokenHash), { ...ticket, usedBy: did });
    return Promise.resolve('used');
  }
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
