import type { Transaction, TransactionRunner } from '@carecord/core';
import { neverOpens } from '../keys-error.ts';
import type { KeyHolder, NodeKeyStore, StoredNodeKey, WrappedKey } from '../ports.ts';
import { bindingOf, NODE_KEY_CONTEXT } from './node-key.ts';

/**
 * The keys are locked while a batch is at the holder. A remote one takes three requests a key, each up to five seconds: a batch
 * of this size ends within a transaction's time, however slow the holder is.
 */
const BATCH_SIZE = 4;

/** How far the work is, and how to end it early. */
export interface RewrapOptions {
  /** Called after each batch has been committed. */
  readonly onProgress?: (progress: RewrapProgress) => void;
  /** Looked at before each batch; what is done stays done. */
  readonly signal?: AbortSignal;
}

/** Keys of the node that lie under the newest root key, of all that are not destroyed. At the end less than all where some do not open. */
export interface RewrapProgress {
  readonly done: number;
  readonly total: number;
}

interface Place {
  readonly holder: KeyHolder;
  readonly store: NodeKeyStore;
  readonly transactions: TransactionRunner;
}

type WrappedNodeKey = StoredNodeKey & { readonly wrapped: WrappedKey };

/** Wraps every key anew that lies under an older root key, batch by batch, until none does but those that do not open: they stay as they are. */
export async function rewrapUnderNewestRoot(place: Place, { onProgress, signal }: RewrapOptions): Promise<RewrapProgress> {
  const lost = new Set<string>();
  for (;;) {
    signal?.throwIfAborted();
    const progress = await place.transactions.run((transaction) => rewrapBatch(place, transaction, lost));
    onProgress?.(progress);
    if (progress.done + lost.size >= progress.total) return progress;
  }
}

/** @param lost ids of the keys that did not open; grows */
async function rewrapBatch({ holder, store }: Place, transaction: Transaction, lost: Set<string>): Promise<RewrapProgress> {
  const keys = (await store.list(transaction)).filter(isWrapped);
  // Asked under the lock and for each batch: another process may have made a newer one meanwhile.
  const newest = (await holder.rootKeyIds()).at(-1);
  const older = keys.filter(({ wrapped }) => wrapped.rootKeyId !== newest);
  const rewrapped: StoredNodeKey[] = [];
  for (const key of older.filter(({ id }) => !lost.has(id)).slice(0, BATCH_SIZE)) {
    const wrapped = await rewrap(holder, key);
    if (wrapped === undefined) lost.add(key.id);
    else rewrapped.push({ ...key, wrapped });
  }
  await store.update(transaction, rewrapped);
  return { done: keys.length - older.length + rewrapped.length, total: keys.length };
}

/** Undefined when it does not open. */
async function rewrap(holder: KeyHolder, key: WrappedNodeKey): Promise<WrappedKey | undefined> {
  const secret = await unwrap(holder, key);
  if (secret === undefined) return undefined;
  try {
    return await holder.wrap(secret, NODE_KEY_CONTEXT, bindingOf(key));
  } finally {
    secret.fill(0);
  }
}

async function unwrap(holder: KeyHolder, key: WrappedNodeKey): Promise<Uint8Array | undefined> {
  try {
    return await holder.unwrap(key.wrapped, NODE_KEY_CONTEXT, bindingOf(key));
  } catch (error) {
    if (neverOpens(error)) return undefined;
    throw error;
  }
}

function isWrapped(key: StoredNodeKey): key is WrappedNodeKey {
  return key.wrapped !== undefined;
}
