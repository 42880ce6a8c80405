import { KeyLock } from '@carecord/core';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import { KeysError } from '../keys-error.ts';
import type { KeyHolder, KeyPurpose, NodeKeyStore, StoredNodeKey } from '../ports.ts';
import { rootKeyNumberOf } from '../root-key-id.ts';
import { bindingOf, infoOf, nodeKeyIdOf, NODE_KEY_CONTEXT } from './node-key.ts';
import type { NodeKey, NodeKeyInfo } from './node-key.ts';
import { openNodeKey, requireOwnId } from './open-node-key.ts';
import { rewrapUnderNewestRoot } from './rewrap.ts';
import type { RewrapOptions, RewrapProgress } from './rewrap.ts';
import { activated, activeOf, destroyed, nextNumber, pendingKey, retired } from './transitions.ts';

/** What a key ring stands on. */
export interface KeyRingOptions {
  readonly holder: KeyHolder;
  readonly store: NodeKeyStore;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
}

/**
 * The keys of a node: wrapped in the database, opened in memory. The methods that take a transaction change the database
 * alone; the ring itself follows with {@link KeyRing.reload} once the transaction is committed, which
 * {@link KeyRing.change} does. Replicas share one database: each follows with `reload` in its own time.
 */
export class KeyRing {
  /** All rows, as they were when last read. */
  private infos: readonly NodeKeyInfo[] = [];
  private opened: ReadonlyMap<string, NodeKey> = new Map();
  private readonly reloads = new KeyLock();

  private constructor(private readonly options: KeyRingOptions) {}

  /**
   * Opens every key that is not destroyed; a new holder gets its first root key.
   * @throws KeysError `ROOT_KEY_UNKNOWN`, `UNWRAP_FAILED` when the holder is not the one that wrapped the keys; the holder's errors
   */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const ring = new KeyRing(options);
    if ((await options.holder.rootKeyIds()).length === 0) await ring.beginHolder();
    await ring.reload();
    return ring;
  }

  /** The key in use. @throws KeysError `KEY_MISSING` */
  active(purpose: KeyPurpose): NodeKey {
    const key = activeOf(this.opened.values(), purpose);
    if (key === undefined) throw new KeysError('KEY_MISSING', `This node has no key in use for ${purpose}.`);
    return key;
  }

  /** The newest key that was made for later, such as a pre-committed one. */
  pending(purpose: KeyPurpose): NodeKey | undefined {
    return this.newestFirst(purpose).find(({ state }) => state === 'pending');
  }

  /** A key in any state but destroyed. */
  find(id: string): NodeKey | undefined {
    return this.opened.get(id);
  }

  /** The keys that open what was sealed: the one in use and the retired ones, newest first. */
  openable(purpose: KeyPurpose): readonly NodeKey[] {
    return this.newestFirst(purpose).filter(({ state }) => state !== 'pending');
  }

  /** Every key, destroyed ones too, without secrets, by purpose and number. */
  list(): readonly NodeKeyInfo[] {
    return this.infos;
  }

  /**
   * The key in use, made if there was never one: of two processes that ask at once, one makes it and both get it.
   * @param makeSecret its result is copied and overwritten
   * @throws KeysError `KEY_MISSING` when those that there were are out of use: a new one would find and open nothing of before
   */
  async ensure(purpose: KeyPurpose, makeSecret: () => Uint8Array): Promise<NodeKey> {
    const known = activeOf(this.opened.values(), purpose);
    if (known !== undefined) return known;
    await this.change(async (transaction) => {
      const keys = await this.options.store.list(transaction);
      if (activeOf(keys, purpose) !== undefined) return;
      if (keys.some((key) => key.purpose === purpose)) {
        throw new KeysError('KEY_MISSING', `The key for ${purpose} is out of use or destroyed, with none in its place: restore the schema "keys" of the database from its backup.`);
      }
      const secret = makeSecret();
      try {
        await this.add(transaction, keys, purpose, secret, 'active');
      } finally {
        secret.fill(0);
      }
    });
    return this.active(purpose);
  }

  /**
   * Makes a key; an active one takes the place of the one in use, which retires.
   * @param secret stays the caller's
   * @returns the key with a secret of its own, before the ring knows it
   */
  async create(transaction: Transaction, purpose: KeyPurpose, secret: Uint8Array, state: 'pending' | 'active'): Promise<NodeKey> {
    return await this.add(transaction, await this.options.store.list(transaction), purpose, secret, state);
  }

  /** Takes a pending key into use; the one in use retires. Repeating it is harmless. @throws KeysError `KEY_UNKNOWN`, `KEY_STATE` */
  async activate(transaction: Transaction, id: string): Promise<void> {
    const keys = await this.options.store.list(transaction);
    const key = keyOf(keys, id);
    if (key.state === 'active') return;
    const now = this.options.clock.now();
    const before = activeOf(keys, key.purpose);
    await this.options.store.update(transaction, [...(before === undefined ? [] : [retired(before, now)]), activated(key, now)]);
  }

  /** Takes the key in use out of use, with none in its place. Repeating it is harmless. @throws KeysError `KEY_UNKNOWN`, `KEY_STATE` */
  async retire(transaction: Transaction, id: string): Promise<void> {
    const key = keyOf(await this.options.store.list(transaction), id);
    if (key.state === 'retired') return;
    await this.options.store.update(transaction, [retired(key, this.options.clock.now())]);
  }

  /**
   * Destroys a key that is not in use: its row stays, without the secret. Repeating it is harmless. Old copies of the
   * database (backups, write-ahead log) still hold it wrapped, until its root key is destroyed too.
   * @throws KeysError `KEY_UNKNOWN`, `KEY_ACTIVE`
   */
  async destroy(transaction: Transaction, id: string): Promise<void> {
    const key = keyOf(await this.options.store.list(transaction), id);
    if (key.state === 'destroyed') return;
    await this.options.store.update(transaction, [destroyed(key, this.options.clock.now())]);
  }

  /**
   * Runs the work in a transaction of its own, then brings the ring up to date.
   * @throws what the work throws; the holder's errors, when the work is committed but the ring could not follow: reload again
   */
  async change<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const result = await this.options.transactions.run(work);
    await this.reload();
    return result;
  }

  /**
   * Brings the ring to what is committed: opens new keys, overwrites the secrets of destroyed ones.
   * @returns whether anything had changed
   * @throws KeysError `KEY_MISSING` when rows are gone, which destroying leaves: the ring stays as it is
   */
  reload(): Promise<boolean> {
    return this.reloads.run('', () => this.follow());
  }

  /**
   * Wraps every key under the newest root key, in batches of one transaction each. It can be stopped and repeated; once it
   * has ended, no key of the ring lies under an older root key but those that do not open: then `done` is less than `total`.
   */
  async rewrapUnderNewestRoot(options: RewrapOptions = {}): Promise<RewrapProgress> {
    try {
      return await rewrapUnderNewestRoot(this.options, options);
    } finally {
      await this.reload();
    }
  }

  /** Under which root keys the keys of the ring lie, oldest first: these must not be destroyed. */
  async rootKeysInUse(transaction?: Transaction): Promise<readonly string[]> {
    const keys = await this.options.store.list(transaction);
    const ids = new Set(keys.flatMap(({ wrapped }) => (wrapped === undefined ? [] : [wrapped.rootKeyId])));
    return [...ids].sort((left, right) => (rootKeyNumberOf(left) ?? 0) - (rootKeyNumberOf(right) ?? 0));
  }

  /** Overwrites every secret in memory: for the end of the process. */
  close(): void {
    for (const { secret } of this.opened.values()) secret.fill(0);
    this.opened = new Map();
  }

  private async beginHolder(): Promise<void> {
    const keys = await this.options.store.list();
    if (keys.some(({ wrapped }) => wrapped !== undefined)) {
      throw new KeysError('ROOT_KEY_UNKNOWN', 'The database holds keys, but the key holder is empty: it is not the one that they were wrapped with.');
    }
    await this.options.holder.createRootKey();
  }

  private newestFirst(purpose: KeyPurpose): NodeKey[] {
    return [...this.opened.values()].filter((key) => key.purpose === purpose).sort((left, right) => right.number - left.number);
  }

  private async add(
    transaction: Transaction,
    keys: readonly StoredNodeKey[],
    purpose: KeyPurpose,
    secret: Uint8Array,
    state: 'pending' | 'active',
  ): Promise<NodeKey> {
    const { holder, store, clock } = this.options;
    const now = clock.now();
    const number = nextNumber(keys, purpose);
    const id = nodeKeyIdOf(purpose, number);
    const pending = pendingKey(id, purpose, number, await holder.wrap(secret, NODE_KEY_CONTEXT, bindingOf({ purpose, number })), now);
    const before = state === 'active' ? activeOf(keys, purpose) : undefined;
    if (before !== undefined) await store.update(transaction, [retired(before, now)]);
    const key = state === 'active' ? activated(pending, now) : pending;
    await store.insert(transaction, [key]);
    return { ...infoOf(key), state, secret: Uint8Array.from(secret) };
  }

  private async follow(): Promise<boolean> {
    const keys = await this.options.store.list();
    this.forget(keys);
    const opened = new Map<string, NodeKey>();
    for (const key of keys) {
      if (key.wrapped === undefined || key.state === 'destroyed') continue;
      requireOwnId(key);
      const secret = this.opened.get(key.id)?.secret ?? (await openNodeKey(this.options.holder, key, key.wrapped));
      opened.set(key.id, { ...infoOf(key), state: key.state, secret });
    }
    const infos = keys.map(infoOf);
    const changed = JSON.stringify(infos) !== JSON.stringify(this.infos);
    this.opened = opened;
    this.infos = infos;
    return changed;
  }

  /** Before anything else, so that a secret goes even where another one cannot be opened now. */
  private forget(keys: readonly StoredNodeKey[]): void {
    const stored = new Map(keys.map((key) => [key.id, key]));
    const kept = new Map(this.opened);
    for (const [id, { secret }] of this.opened) {
      const row = stored.get(id);
      if (row === undefined || row.wrapped !== undefined) continue;
      secret.fill(0);
      kept.delete(id);
    }
    this.opened = kept;
    // A destroyed key leaves its row: without it this is another state of the database, whose numbers would be given a second time.
    const gone = [...kept.keys()].filter((id) => !stored.has(id));
    if (gone.length > 0) throw new KeysError('KEY_MISSING', `The database lost keys while the node runs (${gone.join(' ')}): stop the node, restore the newest backup, and start it again.`);
  }
}

function keyOf(keys: readonly StoredNodeKey[], id: string): StoredNodeKey {
  const key = keys.find((candidate) => candidate.id === id);
  if (key === undefined) throw new KeysError('KEY_UNKNOWN', 'This node has no key of that id.');
  return key;
}
