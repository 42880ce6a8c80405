import { newId } from '@carecord/core';
import type { Clock, Transaction } from '@carecord/core';
import { AuditError } from './audit-error.ts';
import { checkEntry } from './entry-schema.ts';
import { hashEvent } from './event-hash.ts';
import type { AuditEntry, AuditEvent, AuditFilter } from './event.ts';
import type { AuditHead, AuditStore } from './ports.ts';
import { EMPTY_HEAD, verifyLink } from './verify-chain.ts';

/** Events read at a time while verifying: bounds the memory, whatever the length of the log. */
const VERIFY_PAGE = 1_000;
/** Events of one list: what a page of an audit view can show. */
export const MAX_AUDIT_LIST = 1_000;

/** A hospital's audit log: a hash chain in which every event holds the hash of the one before. */
export class AuditLog {
  constructor(
    private readonly store: AuditStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds one event in the caller's transaction, which thereby holds the log's head until it ends: call it last.
   * @throws AuditError `AUDIT_ENTRY_INVALID`
   */
  async append(transaction: Transaction, entry: AuditEntry): Promise<AuditEvent> {
    const [event] = await this.appendAll(transaction, [entry]);
    return event as AuditEvent;
  }

  /**
   * Adds several events in order, with two statements in all; otherwise like {@link append}.
   * @throws AuditError `AUDIT_ENTRY_INVALID`, and nothing is added
   */
  async appendAll(transaction: Transaction, entries: readonly AuditEntry[]): Promise<AuditEvent[]> {
    const checked = entries.map(checkEntry);
    const head = (await this.store.lockHead(transaction)) ?? EMPTY_HEAD;
    const events = chain(head, checked, this.clock.now());
    await this.store.insert(transaction, events);
    return events;
  }

  /**
   * Events that match, newest first; the next page begins `before` the last one's sequence.
   * @throws AuditError `AUDIT_FILTER_INVALID` when the limit is not between 1 and {@link MAX_AUDIT_LIST}
   */
  async list(filter: AuditFilter): Promise<AuditEvent[]> {
    if (!Number.isInteger(filter.limit) || filter.limit < 1 || filter.limit > MAX_AUDIT_LIST) {
      throw new AuditError('AUDIT_FILTER_INVALID', `An audit list has between 1 and ${MAX_AUDIT_LIST} events.`);
    }
    return this.store.list(filter);
  }

  /**
   * Reads the whole log, page by page, and recomputes its chain. That events were cut off at the end it cannot see:
   * only a head that was kept elsewhere shows that.
   * @returns how many events there are
   * @throws AuditError `AUDIT_CHAIN_BROKEN` with the `sequence` at which it breaks
   */
  async verify(): Promise<{ entries: number }> {
    let head = EMPTY_HEAD;
    for (;;) {
      const page = await this.store.scan(head.sequence + 1, VERIFY_PAGE);
      for (const event of page) head = verifyLink(head, event);
      if (page.length < VERIFY_PAGE) return { entries: head.sequence };
    }
  }
}

function chain(head: AuditHead, entries: readonly AuditEntry[], recordedAt: Date): AuditEvent[] {
  const events: AuditEvent[] = [];
  let { sequence, hash } = head;
  for (const entry of entries) {
    sequence += 1;
    const unhashed = { ...entry, id: newId(), sequence, recordedAt, previousHash: hash };
    hash = hashEvent(unhashed);
    events.push({ ...unhashed, hash });
  }
  return events;
}
