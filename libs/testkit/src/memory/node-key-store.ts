import type { Transaction } from '@carecord/core';
import type { NodeKeyStore, StoredNodeKey } from '@carecord/keys';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** The node's keys in memory. Transactions in memory run one after the other, which is lock enough. */
export class MemoryNodeKeyStore implements NodeKeyStore {
  private readonly state = new MemoryState<Map<string, StoredNodeKey>>(new Map(), (keys) => new Map(keys));

  list(transaction?: Transaction): Promise<StoredNodeKey[]> {
    const keys = [...this.state.read(transaction).values()];
    return Promise.resolve(keys.sort(byPurposeAndNumber).map(clone));
  }

  insert(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void> {
    const stored = this.state.write(transaction);
    for (const key of keys) {
      if (stored.has(key.id)) return Promise.reject(new Error('There is a key of this id.'));
      stored.set(key.id, clone(key));
    }
    return Promise.resolve();
  }

  update(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void> {
    const stored = this.state.write(transaction);
    for (const { id, state, wrapped, activatedAt, retiredAt, destroyedAt } of keys) {
      const known = stored.get(id);
      if (known === undefined) return Promise.reject(new Error('There is no key of this id.'));
      stored.set(id, clone({ ...known, state, wrapped, activatedAt, retiredAt, destroyedAt }));
    }
    return Promise.resolve();
  }

  /** Every stored row: for tests that look for plaintext. */
  rows(): readonly unknown[] {
    return [...this.state.read().values()];
  }

  /** Changes what is stored behind the lib's back, as an intruder in the database would. */
  tamper(change: (key: StoredNodeKey) => StoredNodeKey): void {
    this.state.commit(new Map([...this.state.read()].map(([id, key]) => [id, clone(change(key))])));
  }
}

function byPurposeAndNumber(left: StoredNodeKey, right: StoredNodeKey): number {
  if (left.purpose !== right.purpose) return left.purpose < right.purpose ? -1 : 1;
  return left.number - right.number;
}
