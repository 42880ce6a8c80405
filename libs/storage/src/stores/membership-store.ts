import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import { StorageError } from '../storage-error.ts';
import { MEMBERSHIP_STATES } from '../membership-ports.ts';
import type { MembershipDecision, MembershipState, MembershipStore, StoredMembership } from '../membership-ports.ts';

/** Locks the counting of places in the status list; any number that no other lock of ours has. */
const STATUS_INDEX_LOCK = 3_001;

interface Row {
  readonly did: string;
  readonly name: string;
  readonly state: string;
  readonly statusIndex: number | null;
  readonly history: string;
  readonly reasonCode: string | null;
  readonly appliedAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
}

/** An authority's register in PostgreSQL. */
export class PostgresMembershipStore implements MembershipStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async find(did: string, transaction?: Transaction): Promise<StoredMembership | undefined> {
    const row = transaction === undefined ? await this.database.membership.findUnique({ where: { did } }) : await this.lock(transaction, did);
    return row === null ? undefined : membershipOf(row);
  }

  async list({ states, offset, limit }: { readonly states?: readonly MembershipState[]; readonly offset: number; readonly limit: number }): Promise<StoredMembership[]> {
    const rows = await this.database.membership.findMany({
      ...(states === undefined ? {} : { where: { state: { in: [...states] } } }),
      orderBy: [{ appliedAt: 'asc' }, { did: 'asc' }],
      skip: offset,
      take: limit,
    });
    return rows.map(membershipOf);
  }

  count(state: MembershipState): Promise<number> {
    return this.database.membership.count({ where: { state } });
  }

  async apply(transaction: Transaction, application: Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'>): Promise<StoredMembership> {
    const { did, name, history, appliedAt } = application;
    // Waits for a rival that has inserted it and not committed yet, so that the lock below sees what stands.
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO membership (did, name, state, history, applied_at) VALUES (${did}, ${name}, 'pending', ${history}, ${appliedAt})
      ON CONFLICT (did) DO NOTHING`;
    return membershipOf(present(await this.lock(transaction, did)));
  }

  async applyAgain(transaction: Transaction, { did, name, history, appliedAt }: Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'>): Promise<void> {
    await this.transactions.statementsOf(transaction).membership.updateMany({
      where: { did, state: 'refused' },
      data: { state: 'pending', name, history, appliedAt, reasonCode: null, decidedAt: null, decidedBy: null },
    });
  }

  async decide(transaction: Transaction, did: string, { state, decidedAt, decidedBy, reasonCode }: MembershipDecision): Promise<StoredMembership> {
    const statements = this.transactions.statementsOf(transaction);
    const { statusIndex } = present(await this.lock(transaction, did));
    const place = statusIndex ?? (state === 'admitted' ? await this.nextStatusIndex(transaction) : null);
    const row = await statements.membership.update({
      where: { did },
      data: { state, statusIndex: place, decidedAt, decidedBy: decidedBy ?? null, reasonCode: reasonCode ?? null },
    });
    return membershipOf(row);
  }

  async saveHistory(transaction: Transaction, did: string, history: string): Promise<void> {
    await this.transactions.statementsOf(transaction).membership.update({ where: { did }, data: { history } });
  }

  async statuses(): Promise<{ readonly index: number; readonly revoked: boolean; readonly suspended: boolean }[]> {
    const rows = await this.database.membership.findMany({ where: { statusIndex: { not: null } }, select: { statusIndex: true, state: true }, orderBy: { statusIndex: 'asc' } });
    return rows.map(({ statusIndex, state }) => ({ index: statusIndex ?? 0, revoked: state === 'revoked', suspended: state === 'suspended' }));
  }

  /** One at a time over all replicas: two admissions must not get the same place. */
  private async nextStatusIndex(transaction: Transaction): Promise<number> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.$executeRaw`SELECT pg_advisory_xact_lock(${STATUS_INDEX_LOCK})`;
    const { _max } = await statements.membership.aggregate({ _max: { statusIndex: true } });
    return (_max.statusIndex ?? -1) + 1;
  }

  private async lock(transaction: Transaction, did: string): Promise<Row | null> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.$executeRaw`SELECT 1 FROM membership WHERE did = ${did} FOR UPDATE`;
    return await statements.membership.findUnique({ where: { did } });
  }
}

function present(row: Row | null): Row {
  if (row === null) throw new StorageError('CORRUPT', 'A hospital that applied is not in the register any more.');
  return row;
}

function membershipOf(row: Row): StoredMembership {
  const state = MEMBERSHIP_STATES.find((known) => known === row.state);
  if (state === undefined) throw new StorageError('CORRUPT', 'A hospital in the register is in a state that does not exist.');
  const { did, name, history, appliedAt } = row;
  return {
    did,
    name,
    state,
    history,
    appliedAt,
    statusIndex: row.statusIndex ?? undefined,
    reasonCode: row.reasonCode ?? undefined,
    decidedAt: row.decidedAt ?? undefined,
    decidedBy: row.decidedBy ?? undefined,
  };
}
