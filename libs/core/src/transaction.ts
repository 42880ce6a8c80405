declare const transactionBrand: unique symbol;

/**
 * An open database transaction, opaque to every lib but `storage`: a store method that takes one writes inside it, so
 * several stores change together or not at all.
 */
export interface Transaction {
  readonly [transactionBrand]: 'transaction';
}

/** Runs work in one transaction: committed when the promise resolves, rolled back when it rejects. */
export interface TransactionRunner {
  run<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
}
