import type { Transaction, TransactionRunner } from '@carecord/core';
import type { KeyHolder, NodeKeyStore, StoredNodeKey, WrappedKey } from '../ports.ts';
import { bindingOf, NODE_KEY_CONTEXT } from './node-key.ts';

/** The keys are locked while a batch is at the holder: a few dozen calls at most. */
const BATCH_SIZE = 16;

/** How far the work is, and how to end it early. */
export interface RewrapOptions {
  /** Called after each batch has been committed. */
  readonly onProgress?: (progress: RewrapProgress) => void;
  /** Looked at before each batch; what is done stays done. */
  readonly signal?: AbortSignal;
}

/** Keys of the node that lie under the newest root key, of all that are not destroyed. */
export interface RewrapProgress {
  readonly done: number;
  readonly total: number;
}

interface Place {
  readonly holder: KeyHolder;
  readonly store: NodeKeyStore;
  readonly transactions: TransactionRunner;
}

/** Wraps every key anew that lies under an older root key, batch by batch, until none does. */
export async function rewrapUnderNewestRoot(place: Place, { onProgress, signal }: RewrapOptions): Promise<RewrapProgress> {
  for (;;) {
    signal?.throwIfAborted();
    const progress = await place.transactions.run((transaction) => rewrapBatch(place, transaction));
    onProgress?.(progress);
    if (progress.done === progress.total) return progress;
  }
}

async function rewrapBatch({ holder, store }: Place, transaction: Transaction): Promise<RewrapProgress> {
  const keys = (await store.list(transaction)).filter(isWrapped);
  // Asked under the lock and for each batch: another process may have made a newer one meanwhile.
  const newest = (await holder.rootKeyIds()).at(-1);
  const older = keys.filter(({ wrapped }) => wrapped.rootKeyId !== newest);
  const batch = older.slice(0, BATCH_SIZE);
  const rewrapped: StoredNodeKey[] = [];
  for (const key of batch) rewrapped.push({ ...key, wrapped: await rewrap(holder, key.id, key.wrapped) });
  await store.update(transaction, rewrapped);
  return { done: keys.length - older.length + batch.length, total: keys.length };
}

async function rewrap(holder: KeyHolder, id: string, wrapped: WrappedKey): Promise<WrappedKey> {
  const secret = await holder.unwrap(wrapped, NODE_KEY_CONTEXT, bindingOf(id));
  try {
    return await holder.wrap(secret, NODE_KEY_CONTEXT, bindingOf(id));
  } finally {
    secret.fill(0);
  }
}

function isWrapped(key: StoredNodeKey): key is StoredNodeKey & { readonly wrapped: WrappedKey } {
  return key.wrapped !== undefined;
}
