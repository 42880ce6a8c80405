import type { AuditEvent, AuditFilter, AuditHead, AuditStore } from '@carecord/audit';
import type { Transaction } from '@carecord/core';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** The audit log in memory. Transactions run one at a time, so the head needs no lock of its own. */
export class MemoryAuditStore implements AuditStore {
  private readonly state = new MemoryState<AuditEvent[]>([], (events) => [...events]);

  lockHead(transaction: Transaction): Promise<AuditHead | undefined> {
    const newest = this.state.read(transaction).at(-1);
    return Promise.resolve(newest && { sequence: newest.sequence, hash: newest.hash });
  }

  insert(transaction: Transaction, events: readonly AuditEvent[]): Promise<void> {
    const stored = this.state.write(transaction);
    for (const event of events) {
      if (stored.some((other) => other.sequence === event.sequence)) {
        return Promise.reject(new Error('The audit sequence exists already.'));
      }
      stored.push(clone(event));
    }
    return Promise.resolve();
  }

  list(filter: AuditFilter): Promise<AuditEvent[]> {
    const found = this.state.read().filter((event) => matches(event, filter));
    return Promise.resolve(clone(newestFirst(found).slice(0, filter.limit)));
  }

  scan(fromSequence: number, limit: number): Promise<AuditEvent[]> {
    const found = this.state.read().filter((event) => event.sequence >= fromSequence);
    return Promise.resolve(clone(newestFirst(found).reverse().slice(0, limit)));
  }

  /** Changes what is stored behind the log's back, as an intruder in the database would. */
  tamper(change: (events: AuditEvent[]) => AuditEvent[]): void {
    this.state.commit(change(clone(this.state.read())));
  }
}

function matches(event: AuditEvent, filter: AuditFilter): boolean {
  return (
    (filter.patientId === undefined || event.patientId === filter.patientId) &&
    (filter.requestId === undefined || event.requestId === filter.requestId) &&
    (filter.types === undefined || filter.types.includes(event.type)) &&
    (filter.before === undefined || event.sequence < filter.before)
  );
}

function newestFirst(events: readonly AuditEvent[]): AuditEvent[] {
  return events.toSorted((left, right) => right.sequence - left.sequence);
}
