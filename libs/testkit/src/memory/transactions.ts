import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transaction, TransactionRunner } from '@carecord/core';

interface OpenTransaction {
  readonly drafts: Map<MemoryState<unknown>, unknown>;
  open: boolean;
}

/**
 * Transactions over {@link MemoryState}s: one at a time, with real roll-back. Writes go to drafts that nobody outside
 * sees; they replace the committed states together when the work resolves, and are dropped when it rejects.
 */
export class MemoryTransactions implements TransactionRunner {
  private readonly current = new AsyncLocalStorage<OpenTransaction>();
  private last: Promise<unknown> = Promise.resolve();

  /**
   * Runs work in one transaction, after those that were asked for before.
   * @throws Error when called inside the work of a transaction, which would wait for itself
   */
  run<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    if (this.current.getStore()?.open === true) return Promise.reject(new Error('A transaction was started inside a transaction.'));
    const result = this.last.then(() => this.runAlone(work));
    this.last = result.catch(() => undefined);
    return result;
  }

  private async runAlone<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const transaction: OpenTransaction = { drafts: new Map(), open: true };
    try {
      const result = await this.current.run(transaction, () => work(transaction as unknown as Transaction));
      for (const [state, draft] of transaction.drafts) state.commit(draft);
      return result;
    } finally {
      transaction.open = false;
    }
  }
}

/** What one in-memory store holds: read as committed or inside a transaction, written inside a transaction alone. */
export class MemoryState<State> {
  /**
   * @param committed what the store holds at first
   * @param copy a copy that can be changed without the original: shallow where the rows themselves never change
   */
  constructor(
    private committed: State,
    private readonly copy: (state: State) => State,
  ) {}

  /** The state as the transaction sees it, or as committed; not to be changed. */
  read(transaction?: Transaction): State {
    if (transaction === undefined) return this.committed;
    const { drafts } = openTransaction(transaction);
    return drafts.has(this as MemoryState<unknown>) ? (drafts.get(this as MemoryState<unknown>) as State) : this.committed;
  }

  /** The transaction's own draft of the state, to be changed in place. */
  write(transaction: Transaction): State {
    const { drafts } = openTransaction(transaction);
    const key = this as MemoryState<unknown>;
    if (!drafts.has(key)) drafts.set(key, this.copy(this.committed));
    return drafts.get(key) as State;
  }

  /** For {@link MemoryTransactions} alone. */
  commit(draft: unknown): void {
    this.committed = draft as State;
  }
}

function openTransaction(transaction: Transaction): OpenTransaction {
  const known = transaction as unknown as OpenTransaction;
  if (!known.open) throw new Error('A transaction was used after its end.');
  return known;
}
