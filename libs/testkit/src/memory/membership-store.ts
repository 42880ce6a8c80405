import type { Transaction } from '@carecord/core';
import type { MembershipDecision, MembershipState, MembershipStore, StoredMembership } from '@carecord/storage';
import { MemoryState } from './transactions.ts';

type Application = Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'>;

/** An authority's register in memory. */
export class MemoryMembershipStore implements MembershipStore {
  private readonly state = new MemoryState<Map<string, StoredMembership>>(new Map(), (rows) => new Map(rows));

  find(did: string, transaction?: Transaction): Promise<StoredMembership | undefined> {
    return Promise.resolve(this.state.read(transaction).get(did));
  }

  list({ states, offset, limit }: { readonly states?: readonly MembershipState[]; readonly offset: number; readonly limit: number }): Promise<StoredMembership[]> {
    const rows = [...this.state.read().values()].filter(({ state }) => states === undefined || states.includes(state));
    rows.sort((one, other) => one.appliedAt.getTime() - other.appliedAt.getTime() || (one.did < other.did ? -1 : 1));
    return Promise.resolve(rows.slice(offset, offset + limit));
  }

  count(state: MembershipState): Promise<number> {
    return Promise.resolve([...this.state.read().values()].filter((row) => row.state === state).length);
  }

  apply(transaction: Transaction, application: Application): Promise<StoredMembership> {
    const standing = this.state.read(transaction).get(application.did);
    if (standing !== undefined) return Promise.resolve(standing);
    return Promise.resolve(this.put(transaction, pending(application, undefined)));
  }

  applyAgain(transaction: Transaction, application: Application): Promise<void> {
    const standing = this.state.read(transaction).get(application.did);
    if (standing?.state === 'refused') this.put(transaction, pending(application, standing.statusIndex));
    return Promise.resolve();
  }

  decide(transaction: Transaction, did: string, { state, decidedAt, decidedBy, reasonCode }: MembershipDecision): Promise<StoredMembership> {
    const standing = this.present(transaction, did);
    const statusIndex = standing.statusIndex ?? (state === 'admitted' ? this.nextStatusIndex(transaction) : undefined);
    return Promise.resolve(this.put(transaction, { ...standing, state, statusIndex, decidedAt, decidedBy, reasonCode }));
  }

  saveHistory(transaction: Transaction, did: string, history: string): Promise<void> {
    this.put(transaction, { ...this.present(transaction, did), history });
    return Promise.resolve();
  }

  statuses(): Promise<{ readonly index: number; readonly revoked: boolean; readonly suspended: boolean }[]> {
    const statuses = [...this.state.read().values()].flatMap(({ statusIndex, state }) =>
      statusIndex === undefined ? [] : [{ index: statusIndex, revoked: state === 'revoked', suspended: state === 'suspended' }],
    );
    return Promise.resolve(statuses.sort((one, other) => one.index - other.index));
  }

  private nextStatusIndex(transaction: Transaction): number {
    return Math.max(-1, ...[...this.state.read(transaction).values()].map(({ statusIndex }) => statusIndex ?? -1)) + 1;
  }

  private present(transaction: Transaction, did: string): StoredMembership {
    const standing = this.state.read(transaction).get(did);
    if (standing === undefined) throw new Error('There is no such hospital in the register.');
    return standing;
  }

  private put(transaction: Transaction, row: StoredMembership): StoredMembership {
    this.state.write(transaction).set(row.did, row);
    return row;
  }
}

function pending(application: Application, statusIndex: number | undefined): StoredMembership {
  return { ...application, state: 'pending', statusIndex, reasonCode: undefined, decidedAt: undefined, decidedBy: undefined };
}
