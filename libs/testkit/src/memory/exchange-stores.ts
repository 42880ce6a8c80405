import type { Transaction } from '@carecord/core';
import type {
  GrantStore,
  ReceivedBlock,
  ReceivedBlockStore,
  ReceivedChange,
  ReceivedRequest,
  ReceivedRequestStore,
  ReceivedState,
  RecipientKeyUse,
  SentChange,
  SentRequest,
  SentRequestStore,
  SentState,
  StoredGrant,
} from '@carecord/exchange';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

interface KeptBlock extends ReceivedBlock {
  readonly keepUntil: Date;
}

/** Rows by their key; a row never changes, it is replaced. */
class Table<Row> {
  private readonly state = new MemoryState<Map<string, Row>>(new Map(), (rows) => new Map(rows));

  get(key: string, transaction?: Transaction): Row | undefined {
    return clone(this.state.read(transaction).get(key));
  }

  all(transaction?: Transaction): Row[] {
    return clone([...this.state.read(transaction).values()]);
  }

  put(transaction: Transaction, key: string, row: Row): void {
    this.state.write(transaction).set(key, clone(row));
  }

  delete(transaction: Transaction, key: string): void {
    this.state.write(transaction).delete(key);
  }

  tamper(key: string, change: (row: Row) => Row): void {
    const rows = new Map(this.state.read());
    const row = rows.get(key);
    if (row !== undefined) rows.set(key, change(row));
    this.state.commit(rows);
  }
}

/** Received requests in memory. */
export class MemoryReceivedRequestStore implements ReceivedRequestStore {
  private readonly rows = new Table<ReceivedRequest>();

  insert(transaction: Transaction, request: ReceivedRequest): Promise<'inserted' | 'duplicate'> {
    if (this.rows.get(request.requestId, transaction) !== undefined) return Promise.resolve('duplicate');
    this.rows.put(transaction, request.requestId, request);
    return Promise.resolve('inserted');
  }

  find(requestId: string): Promise<ReceivedRequest | undefined> {
    return Promise.resolve(this.rows.get(requestId));
  }

  change(transaction: Transaction, requestId: string, from: ReceivedState, change: ReceivedChange): Promise<'changed' | 'wrong-state'> {
    const request = this.rows.get(requestId, transaction);
    if (request?.state !== from) return Promise.resolve('wrong-state');
    this.rows.put(transaction, requestId, { ...request, ...present(change) });
    return Promise.resolve('changed');
  }

  list(filter: { readonly states: readonly ReceivedState[]; readonly receivedAfter: Date; readonly limit: number }): Promise<ReceivedRequest[]> {
    const found = this.rows
      .all()
      .filter((request) => filter.states.includes(request.state) && request.receivedAt > filter.receivedAfter)
      .sort((first, second) => second.receivedAt.getTime() - first.receivedAt.getTime())
      .slice(0, filter.limit);
    return Promise.resolve(found);
  }

  count({ requester, state, receivedAfter }: { readonly requester: string; readonly state: ReceivedState; readonly receivedAfter: Date }): Promise<number> {
    const found = this.rows.all().filter((request) => request.requester === requester && request.state === state && request.receivedAt > receivedAfter);
    return Promise.resolve(found.length);
  }

  delete(transaction: Transaction, { states, receivedUntil }: { readonly states: readonly ReceivedState[]; readonly receivedUntil: Date }): Promise<number> {
    const old = this.rows.all(transaction).filter((request) => states.includes(request.state) && request.receivedAt <= receivedUntil);
    for (const request of old) this.rows.delete(transaction, request.requestId);
    return Promise.resolve(old.length);
  }
}

/** Grants in memory, by the request that they answer. */
export class MemoryGrantStore implements GrantStore {
  private readonly rows = new Table<StoredGrant>();
  private readonly revoked = new Table<number>();

  revocations(patientId: string): Promise<number> {
    return Promise.resolve(this.revoked.get(patientId) ?? 0);
  }

  insert(transaction: Transaction, grant: StoredGrant, revocations: number): Promise<'inserted' | 'revoked-meanwhile'> {
    if ((this.revoked.get(grant.patientId, transaction) ?? 0) !== revocations) return Promise.resolve('revoked-meanwhile');
    this.rows.put(transaction, grant.requestId, grant);
    return Promise.resolve('inserted');
  }

  findByRequest(requestId: string): Promise<StoredGrant | undefined> {
    return Promise.resolve(this.rows.get(requestId));
  }

  covered(recipient: string, contentIds: readonly string[], at: Date): Promise<Set<string>> {
    const open = this.rows.all().filter(
      (grant) => grant.recipient === recipient && grant.revokedAt === undefined && grant.expiresAt > at,
    );
    const granted = new Set(open.flatMap((grant) => grant.contentIds));
    return Promise.resolve(new Set(contentIds.filter((contentId) => granted.has(contentId))));
  }

  revokeForPatient(
    transaction: Transaction,
    patientId: string,
    revokedAt: Date,
  ): Promise<{ grantId: string; requestId: string; recipient: string }[]> {
    this.revoked.put(transaction, patientId, (this.revoked.get(patientId, transaction) ?? 0) + 1);
    const ended = this.rows.all(transaction).filter((grant) => grant.patientId === patientId && grant.revokedAt === undefined);
    for (const grant of ended) this.rows.put(transaction, grant.requestId, { ...grant, revokedAt });
    return Promise.resolve(ended.map(({ grantId, requestId, recipient }) => ({ grantId, requestId, recipient })));
  }
}

/** Sent requests in memory. */
export class MemorySentRequestStore implements SentRequestStore {
  private readonly rows = new Table<SentRequest>();

  /** Changes a stored request behind the store's back, as an intruder in the database would. */
  tamper(requestId: string, change: (request: SentRequest) => SentRequest): void {
    this.rows.tamper(requestId, change);
  }

  insert(transaction: Transaction, request: SentRequest): Promise<'inserted' | 'duplicate'> {
    if (this.rows.get(request.requestId, transaction) !== undefined) return Promise.resolve('duplicate');
    this.rows.put(transaction, request.requestId, request);
    return Promise.resolve('inserted');
  }

  find(requestId: string): Promise<SentRequest | undefined> {
    return Promise.resolve(this.rows.get(requestId));
  }

  change(transaction: Transaction, requestId: string, from: SentState, change: SentChange): Promise<'changed' | 'wrong-state'> {
    const request = this.rows.get(requestId, transaction);
    if (request?.state !== from) return Promise.resolve('wrong-state');
    this.rows.put(transaction, requestId, { ...request, ...present(change) });
    return Promise.resolve('changed');
  }

  listByStaff(staffId: string, limit: number): Promise<SentRequest[]> {
    const found = this.rows
      .all()
      .filter((request) => request.staffId === staffId)
      .sort((first, second) => second.askedAt.getTime() - first.askedAt.getTime())
      .slice(0, limit);
    return Promise.resolve(found);
  }

  expire(transaction: Transaction, from: readonly SentState[], now: Date): Promise<string[]> {
    const due = this.rows.all(transaction).filter((request) => from.includes(request.state) && request.deadline <= now);
    for (const request of due) this.rows.put(transaction, request.requestId, { ...request, state: 'expired', sealedGrant: undefined });
    return Promise.resolve(due.map((request) => request.requestId));
  }

  recipientKeyUses(states: readonly SentState[], now: Date): Promise<RecipientKeyUse[]> {
    const open = this.rows.all().filter((request) => states.includes(request.state) && request.deadline > now);
    const uses = open.map(({ recipientKeyId, state }): RecipientKeyUse => (recipientKeyId === undefined ? { state } : { recipientKeyId, state }));
    return Promise.resolve([...new Map(uses.map((use) => [JSON.stringify(use), use])).values()]);
  }
}

/** Received blocks in memory, by content id. */
export class MemoryReceivedBlockStore implements ReceivedBlockStore {
  private readonly rows = new Table<KeptBlock>();

  /** Changes stored bytes behind the store's back, as an intruder in the database would. */
  tamper(contentId: string, change: (ciphertext: Uint8Array) => Uint8Array): void {
    this.rows.tamper(contentId, (block) => ({ ...block, ciphertext: change(block.ciphertext) }));
  }

  save(transaction: Transaction, blocks: readonly ReceivedBlock[], keepUntil: Date): Promise<void> {
    for (const { contentId, ciphertext } of blocks) {
      const kept = this.rows.get(contentId, transaction)?.keepUntil ?? keepUntil;
      this.rows.put(transaction, contentId, { contentId, ciphertext, keepUntil: kept > keepUntil ? kept : keepUntil });
    }
    return Promise.resolve();
  }

  keep(transaction: Transaction, contentIds: readonly string[], keepUntil: Date): Promise<number> {
    const kept = [...new Set(contentIds)].map((contentId) => this.rows.get(contentId, transaction)).filter((block) => block !== undefined);
    for (const block of kept) this.rows.put(transaction, block.contentId, { ...block, keepUntil: block.keepUntil > keepUntil ? block.keepUntil : keepUntil });
    return Promise.resolve(kept.length);
  }

  read(contentIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return Promise.resolve(contentIds.map((contentId) => this.rows.get(contentId)?.ciphertext));
  }

  deleteExpired(transaction: Transaction, now: Date): Promise<number> {
    const expired = this.rows.all(transaction).filter((block) => block.keepUntil <= now);
    for (const block of expired) this.rows.delete(transaction, block.contentId);
    return Promise.resolve(expired.length);
  }
}

/** Without the fields that are explicitly undefined: those stay as they are. */
function present<Change extends object>(change: Change): Change {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Change;
}
