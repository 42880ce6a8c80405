import { toHex } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import type { SessionStore, StaffAccount, StaffChange, StaffStore, StoredSession } from '@carecord/storage';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';
import type { MemoryTransactions } from './transactions.ts';

interface Row {
  readonly account: StaffAccount;
  readonly totpLastStep?: number;
}

/** Staff accounts in memory, by id. */
export class MemoryStaffStore implements StaffStore {
  private readonly state = new MemoryState<Map<string, Row>>(new Map(), (rows) => new Map(rows));

  constructor(private readonly transactions: MemoryTransactions) {}

  findByUsername(username: string): Promise<StaffAccount | undefined> {
    return Promise.resolve(this.find((account) => account.username === username));
  }

  findById(staffId: string): Promise<StaffAccount | undefined> {
    return Promise.resolve(clone(this.state.read().get(staffId)?.account));
  }

  findByProviderToken(providerToken: Uint8Array): Promise<StaffAccount | undefined> {
    return Promise.resolve(this.find((account) => sameBytes(account.providerToken, providerToken)));
  }

  list({ after, limit }: { readonly after?: string; readonly limit: number }): Promise<StaffAccount[]> {
    const accounts = this.accounts().filter(({ username }) => after === undefined || username > after);
    return Promise.resolve(clone(accounts.sort((left, right) => (left.username < right.username ? -1 : 1)).slice(0, limit)));
  }

  lock(transaction: Transaction, staffId: string): Promise<StaffAccount | undefined> {
    return Promise.resolve(clone(this.state.read(transaction).get(staffId)?.account));
  }

  lockRole(transaction: Transaction, role: string): Promise<StaffAccount[]> {
    const accounts = this.accounts(transaction).filter((account) => account.role === role);
    return Promise.resolve(clone(accounts.sort((left, right) => (left.id < right.id ? -1 : 1))));
  }

  insert(transaction: Transaction, account: StaffAccount): Promise<'inserted' | 'taken'> {
    const taken = this.accounts(transaction).some(
      ({ id, username, providerToken }) => id === account.id || username === account.username || (account.providerToken !== undefined && sameBytes(providerToken, account.providerToken)),
    );
    if (!taken) this.state.write(transaction).set(account.id, { account: clone(account) });
    return Promise.resolve(taken ? 'taken' : 'inserted');
  }

  change(transaction: Transaction, staffId: string, change: StaffChange): Promise<StaffAccount | undefined> {
    const row = this.state.read(transaction).get(staffId);
    if (row === undefined) return Promise.resolve(undefined);
    const named = Object.entries(change).filter(([, value]) => value !== undefined);
    const merged: Record<string, unknown> = { ...row.account, ...Object.fromEntries(named) };
    const account = clone(Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))) as unknown as StaffAccount;
    this.state.write(transaction).set(staffId, { ...(change.sealedTotp === undefined ? row : {}), account });
    return Promise.resolve(clone(account));
  }

  save(account: StaffAccount): Promise<StaffAccount> {
    return this.transactions.run(async (transaction) => {
      const existing = this.accounts(transaction).find(({ username }) => username === account.username);
      if (existing === undefined) {
        await this.insert(transaction, account);
        return clone(account);
      }
      const { passwordHash = null, passwordExpired, role, disabled } = account;
      return (await this.change(transaction, existing.id, { passwordHash, passwordExpired, role, disabled })) ?? account;
    });
  }

  takeTotpStep(staffId: string, step: number): Promise<boolean> {
    return this.transactions.run((transaction) => {
      const row = this.state.read(transaction).get(staffId);
      if (row === undefined || (row.totpLastStep ?? -1) >= step) return Promise.resolve(false);
      this.state.write(transaction).set(staffId, { ...row, totpLastStep: step });
      return Promise.resolve(true);
    });
  }

  private accounts(transaction?: Transaction): StaffAccount[] {
    return [...this.state.read(transaction).values()].map(({ account }) => account);
  }

  private find(matches: (account: StaffAccount) => boolean): StaffAccount | undefined {
    return clone(this.accounts().find(matches));
  }
}

/** Sessions in memory, of the accounts of a staff store. */
export class MemorySessionStore implements SessionStore {
  private readonly state = new MemoryState<Map<string, StoredSession>>(new Map(), (rows) => new Map(rows));

  constructor(
    private readonly transactions: MemoryTransactions,
    private readonly staff: Pick<StaffStore, 'lock'>,
  ) {}

  async insert(transaction: Transaction, session: StoredSession): Promise<void> {
    if ((await this.staff.lock(transaction, session.staffId)) === undefined) throw new Error('There is no such account.');
    this.state.write(transaction).set(toHex(session.tokenHash), clone(session));
  }

  find(tokenHash: Uint8Array): Promise<StoredSession | undefined> {
    return Promise.resolve(clone(this.state.read().get(toHex(tokenHash))));
  }

  listOfStaff(staffId: string): Promise<StoredSession[]> {
    const sessions = this.rows().filter((session) => session.staffId === staffId);
    return Promise.resolve(clone(sessions.sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime())));
  }

  touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void> {
    return this.transactions.run((transaction) => {
      this.update(transaction, tokenHash, { lastUsedAt });
      return Promise.resolve();
    });
  }

  stepUp(transaction: Transaction, tokenHash: Uint8Array, stepUpAt: Date): Promise<boolean> {
    return Promise.resolve(this.update(transaction, tokenHash, { stepUpAt }));
  }

  remove(tokenHash: Uint8Array): Promise<void> {
    return this.transactions.run((transaction) => {
      this.state.write(transaction).delete(toHex(tokenHash));
      return Promise.resolve();
    });
  }

  removeOfStaff(transaction: Transaction, staffId: string, keep?: Uint8Array): Promise<number> {
    return Promise.resolve(this.removeWhere(transaction, (session) => session.staffId === staffId && !sameBytes(session.tokenHash, keep)));
  }

  removeExpired({ createdBefore, lastUsedBefore, now }: { readonly createdBefore: Date; readonly lastUsedBefore: Date; readonly now: Date }): Promise<number> {
    return this.transactions.run((transaction) =>
      Promise.resolve(
        this.removeWhere(
          transaction,
          ({ createdAt, lastUsedAt, expiresAt }) => createdAt < createdBefore || lastUsedAt < lastUsedBefore || (expiresAt !== undefined && expiresAt <= now),
        ),
      ),
    );
  }

  /** Every stored row. */
  rows(): StoredSession[] {
    return [...this.state.read().values()];
  }

  private update(transaction: Transaction, tokenHash: Uint8Array, change: Partial<StoredSession>): boolean {
    const session = this.state.read(transaction).get(toHex(tokenHash));
    if (session === undefined) return false;
    this.state.write(transaction).set(toHex(tokenHash), { ...session, ...clone(change) });
    return true;
  }

  private removeWhere(transaction: Transaction, matches: (session: StoredSession) => boolean): number {
    const sessions = this.state.write(transaction);
    const over = [...sessions.values()].filter(matches);
    for (const { tokenHash } of over) sessions.delete(toHex(tokenHash));
    return over.length;
  }
}


function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}
