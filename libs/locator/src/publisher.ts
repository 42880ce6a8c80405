import type { AuditLog } from '@carecord/audit';
import type { Clock, Listing, Logger, Transaction, TransactionRunner } from '@carecord/core';
import { Gate } from './gate.ts';
import { locatableInputs } from './identifier.ts';
import type { TypedIdentifier } from './identifier.ts';
import type { PointerWriter } from './pointer-writer.ts';
import type { LocatorStore, Publication } from './ports.ts';
import type { OpenTag, TagBook } from './tag-book.ts';

/** What a publisher needs. */
export interface PublisherOptions {
  readonly store: LocatorStore;
  readonly tags: TagBook;
  readonly writer: PointerWriter;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Patients published at once: each reads up to 32 slots, and a first load must leave the DHT to those who look somebody up. */
const MAX_AT_ONCE = 4;

/** One value to be written. */
interface Job extends OpenTag {
  readonly listing: Listing;
  readonly sequence: number;
}

/** How a job ended. */
type Written = { readonly job: Job; readonly publication: Publication } | { readonly job: Job; readonly error: unknown };

/** Makes the hospital's own patients locatable, or no longer locatable. */
export class Publisher {
  private readonly gate = new Gate(MAX_AT_ONCE);

  constructor(private readonly options: PublisherOptions) {}

  /**
   * Brings the DHT to what is wanted of one patient; may be repeated at any time, and renews what stands there.
   * @throws LocatorError the first failure, after everything else has been written
   */
  publish(patientId: string, identifiers: readonly TypedIdentifier[], listing: Listing): Promise<void> {
    return this.gate.run(() => this.publishNow(patientId, identifiers, listing));
  }

  private async publishNow(patientId: string, identifiers: readonly TypedIdentifier[], listing: Listing): Promise<void> {
    const { store, tags, transactions } = this.options;
    const { current, former } = await tags.update(patientId, locatableInputs(identifiers));
    const jobs = await this.plan([
      ...current.filter((tag) => listing === 'listed' || needsTombstone(tag)).map((tag) => ({ ...tag, listing })),
      ...former.filter(needsTombstone).map((tag) => ({ ...tag, listing: 'unlisted' as const })),
    ]);
    const written = await Promise.all(jobs.map((job) => this.write(job)));
    const failed = written.filter((result) => 'error' in result);
    const gone = former.filter((tag) => !failed.some(({ job }) => job.stored === tag.stored));

    await transactions.run(async (transaction) => {
      for (const result of written) {
        if ('publication' in result) await store.savePublication(transaction, patientId, result.job.stored.identifierToken, result.publication);
      }
      await store.removeTags(transaction, patientId, gone.map(({ stored }) => stored.identifierToken));
      await this.logChanges(transaction, patientId, written);
    });
    const [first] = failed;
    if (first !== undefined) throw first.error;
  }

  /** Takes the sequences before anything is written, so that a crash in between cannot lead to one being used twice. */
  private async plan(jobs: readonly Omit<Job, 'sequence'>[]): Promise<Job[]> {
    const { store, transactions, clock } = this.options;
    if (jobs.length === 0) return [];
    return transactions.run(async (transaction) => {
      const planned: Job[] = [];
      for (const job of jobs) {
        const { patientId, identifierToken } = job.stored;
        // Time rises even when the store was restored from a backup that does not know the last sequence.
        const sequence = await store.nextSequence(transaction, patientId, identifierToken, clock.now().getTime());
        if (sequence !== undefined) planned.push({ ...job, sequence });
      }
      return planned;
    });
  }

  private async write(job: Job): Promise<Written> {
    const { writer, logger } = this.options;
    const { tag, stored, listing, sequence } = job;
    const subject = { tag, patientId: stored.patientId };
    try {
      const write = listing === 'listed' ? writer.list.bind(writer) : writer.unlist.bind(writer);
      return { job, publication: await write(subject, sequence, stored.publication.slot) };
    } catch (error) {
      logger.warn('pointer-not-published', { patientId: stored.patientId, listing }, error);
      return { job, error };
    }
  }

  /** Renewals are not events of a patient's: only what changed is logged. */
  private async logChanges(transaction: Transaction, patientId: string, written: readonly Written[]): Promise<void> {
    const changed = written.filter((result) => 'error' in result || result.job.stored.publication.listing !== result.job.listing);
    for (const listing of ['listed', 'unlisted'] as const) {
      const concerned = changed.filter(({ job }) => job.listing === listing);
      if (concerned.length === 0) continue;
      const failures = concerned.filter((result) => 'error' in result).length;
      await this.options.audit.append(transaction, {
        type: listing === 'listed' ? 'pointer-published' : 'pointer-withdrawn',
        outcome: failures === 0 ? 'success' : 'failure',
        actor: { kind: 'system', id: 'locator' },
        patientId,
        detail: { pointers: concerned.length - failures, failures },
      });
    }
  }
}

/** Whether something may stand in the DHT for this tag; a sequence was taken before anything was written. */
function needsTombstone({ stored: { publication } }: OpenTag): boolean {
  return publication.sequence > 0 && publication.listing !== 'unlisted';
}
