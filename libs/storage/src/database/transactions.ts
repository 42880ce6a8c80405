import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transaction, TransactionRunner } from '@carecord/core';
import { StorageError } from '../storage-error.ts';
import type { Database, Statements } from './connection.ts';
import { toStorageError } from './database-error.ts';

/** How long a transaction waits for a free connection. */
const WAIT_MILLISECONDS = 15_000;
/** The largest bundle (10 MiB) is validated, sealed and stored within one; what takes longer is stuck and would hold its locks. */
const LIMIT_MILLISECONDS = 120_000;

/** What stands behind core's opaque `Transaction`. */
class OpenTransaction {
  open = true;
  readonly afterCommit = new Set<() => void>();

  constructor(
    readonly owner: PostgresTransactions,
    readonly statements: Statements,
  ) {}
}

/** Transactions of PostgreSQL, at its usual level (read committed): what must not change meanwhile is locked. */
export class PostgresTransactions implements TransactionRunner {
  private readonly current = new AsyncLocalStorage<OpenTransaction>();

  constructor(private readonly database: Database) {}

  /**
   * @throws StorageError `TRANSACTION_FOREIGN` when called inside the work of a transaction: the inner one could wait for the
   *   outer one's locks for ever; `CONFLICT` when PostgreSQL ended the transaction because of another one
   */
  async run<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    if (this.current.getStore()?.open === true) {
      throw new StorageError('TRANSACTION_FOREIGN', 'A transaction was started inside a transaction.');
    }
    const { result, afterCommit } = await this.commit(work);
    for (const action of afterCommit) action();
    return result;
  }

  /**
   * The statements of an open transaction of this database.
   * @throws StorageError `TRANSACTION_FOREIGN` when it is another database's, or over
   */
  statementsOf(transaction: Transaction): Statements {
    return this.openTransaction(transaction).statements;
  }

  /** Runs the action when the transaction has committed; the same action runs once. */
  afterCommit(transaction: Transaction, action: () => void): void {
    this.openTransaction(transaction).afterCommit.add(action);
  }

  private async commit<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<{ result: Result; afterCommit: Set<() => void> }> {
    let failure: unknown;
    try {
      return await this.database.$transaction(
        async (statements) => {
          const transaction = new OpenTransaction(this, statements);
          try {
            const result = await this.current.run(transaction, () => work(transaction as unknown as Transaction));
            return { result, afterCommit: transaction.afterCommit };
          } catch (error) {
            failure = error;
            throw error;
          } finally {
            transaction.open = false;
          }
        },
        { maxWait: WAIT_MILLISECONDS, timeout: LIMIT_MILLISECONDS },
      );
    } catch (error) {
      throw failure ?? toStorageError(error);
    }
  }

  private openTransaction(transaction: Transaction): OpenTransaction {
    const known: unknown = transaction;
    if (known instanceof OpenTransaction && known.owner === this && known.open) return known;
    throw new StorageError('TRANSACTION_FOREIGN', 'A transaction was used after its end, or with a store of another database.');
  }
}
