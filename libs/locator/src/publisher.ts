import type { AuditEntry, AuditLog } from '@carecord/audit';
import type { Clock, Logger, PatientListing, Transaction, TransactionRunner } from '@carecord/core';
import type { KnownMember, PublishOptions } from '@carecord/network';
import type { Audiences } from './audiences.ts';
import type { Dummies, VisibleChange } from './dummies.ts';
import { pointerName } from './pointer-job.ts';
import type { PointerJob, PointerResult } from './pointer-job.ts';
import type { LocatorStore, StoredPointer, TagKey } from './ports.ts';
import type { RecipeInput } from './recipes.ts';
import type { SlotClaims } from './slot-claims.ts';
import type { OpenTag, PatientTags, TagBook } from './tag-book.ts';
import type { TagSource } from './tag-source.ts';

/** One patient as it is to be found by others. */
export interface PatientPublication {
  readonly patientId: string;
  readonly inputs: readonly RecipeInput[];
  readonly listing: PatientListing;
}

/** How the publication of one patient ended. */
export interface PatientOutcome {
  readonly patientId: string;
  /** The first failure; everything else of the patient has been written. */
  readonly error?: Error;
}

/** What a publisher needs. */
export interface PublisherOptions {
  readonly store: LocatorStore;
  readonly source: TagSource;
  readonly tags: TagBook;
  readonly audiences: Audiences;
  readonly dummies: Dummies;
  readonly claims: SlotClaims;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tags of ended epochs that one run forgets: a statement that does not hold up others. */
const MAX_FORGOTTEN = 10_000;

/** What is to be done for one patient. */
interface Plan {
  readonly patientId: string;
  readonly jobs: readonly PointerJob[];
  readonly former: readonly OpenTag[];
  readonly ended: readonly TagKey[];
  readonly error: unknown;
}

/** Makes the hospital's own patients locatable, or no longer locatable: many at once. */
export class Publisher {
  constructor(private readonly options: PublisherOptions) {}

  /**
   * Brings the DHT to what is wanted of these patients; may be repeated at any time, and renews what stands there. What was written is
   * known to the store, so that after a crash it goes on where it stopped.
   * @param dummyIds dummies to be renewed with them; @default some that hide which pointers are new
   * @returns how each patient's publication ended
   */
  async publish(patients: readonly PatientPublication[], dummyIds?: readonly string[], options: PublishOptions = {}): Promise<PatientOutcome[]> {
    const { source, tags, dummies, claims, clock } = this.options;
    const epochs = (await source.epochs()).map(({ number }) => number);
    const evaluated = await tags.update(patients, epochs);
    const plans = await this.plansOf(patients, evaluated);
    const jobs = plans.flatMap((plan) => plan.jobs);
    const beside = dummyIds === undefined ? await this.companionsOf(jobs, clock.now()) : await dummies.renewalsOf(dummyIds);
    const results = await claims.settle(interleaved(jobs, beside), options);
    return this.conclude(plans, results);
  }

  /** Hides the number of patients' pointers as it is now, and forgets what belongs to epochs that are over. To be called now and then. */
  async tidy(): Promise<void> {
    const { source, store, dummies, claims, transactions, clock } = this.options;
    const epochs = (await source.epochs()).map(({ number }) => number);
    await transactions.run((transaction) => store.removeEndedEpochs(transaction, epochs, MAX_FORGOTTEN));
    for (const epoch of epochs) {
      const results = await claims.settle(await dummies.balance(epoch, clock.now()));
      await transactions.run((transaction) => store.savePointers(transaction, rowsOf(results)));
    }
  }

  private async plansOf(patients: readonly PatientPublication[], evaluated: ReadonlyMap<string, PatientTags>): Promise<Plan[]> {
    const { audiences } = this.options;
    const memberOf = await audiences.membersOf(patients.flatMap(({ listing }) => listing.hospitals.map(({ did }) => did)));
    return patients.map(({ patientId, listing }) => {
      const { current, former, ended, error } = evaluated.get(patientId) as PatientTags;
      const wanted = current.map((tag) => this.wantedOf(tag, listing, memberOf));
      // What is no longer wanted is taken back even where what is wanted cannot be made.
      const unwanted = [...current.flatMap((tag) => this.withdrawalsOf(tag, this.tokensOf(listing))), ...former.flatMap((tag) => this.withdrawalsOf(tag, new Set()))];
      return { patientId, jobs: [...wanted.flatMap(({ jobs }) => jobs), ...unwanted], former, ended, error: error ?? wanted.find((one) => one.failure !== undefined)?.failure };
    });
  }

  /** Pointers to each of those that a tag is listed to; a hospital whose keys are not to be found keeps no other from finding the patient. */
  private wantedOf(tag: OpenTag, listing: PatientListing, memberOf: (did: string) => KnownMember): { readonly jobs: readonly PointerJob[]; readonly failure: unknown } {
    const { audiences } = this.options;
    const jobs: PointerJob[] = [];
    let failure: unknown;
    for (const audience of audiences.of(listing)) {
      try {
        const key = audience.did === undefined ? undefined : memberOf(audience.did).resolved.recipientPublicKey;
        jobs.push(audiences.jobOf(tag, audience, 'pointer', key));
      } catch (error) {
        failure ??= error;
      }
    }
    return { jobs, failure };
  }

  /** Takes back whatever stands there, or may, to whom it should not. */
  private withdrawalsOf(tag: OpenTag, wanted: ReadonlySet<string>): PointerJob[] {
    const { audiences } = this.options;
    const unwanted = tag.stored.pointers.filter((pointer) => mayStand(pointer) && !wanted.has(hex(pointer.recipientToken)));
    return unwanted.map((pointer) => audiences.jobOf(tag, audiences.ofPointer(pointer), 'withdrawn'));
  }

  private tokensOf(listing: PatientListing): Set<string> {
    return new Set(this.options.audiences.of(listing).map(({ recipientToken }) => hex(recipientToken)));
  }

  private async companionsOf(jobs: readonly PointerJob[], now: Date): Promise<PointerJob[]> {
    const beside: PointerJob[] = [];
    for (const [epoch, ofEpoch] of Map.groupBy(jobs, ({ key }) => key.epoch)) beside.push(...(await this.options.dummies.companionsOf(epoch, changeOf(ofEpoch), now)));
    return beside;
  }

  private async conclude(plans: readonly Plan[], results: readonly PointerResult[]): Promise<PatientOutcome[]> {
    const { store, audit, transactions } = this.options;
    const byName = new Map(results.map((result) => [pointerName(result.job.key), result]));
    const concluded = plans.map((plan) => ({ ...plan, results: plan.jobs.map(({ key }) => byName.get(pointerName(key)) as PointerResult) }));
    await transactions.run(async (transaction: Transaction) => {
      await store.savePointers(transaction, rowsOf(results));
      await store.removeTags(transaction, concluded.flatMap(({ former, ended, results: own }) => [...goneOf(former, own), ...ended]));
      const entries = concluded.flatMap(({ patientId, results: own }) => entriesOf(patientId, own));
      if (entries.length > 0) await audit.appendAll(transaction, entries);
    });
    return concluded.map(({ patientId, error, results: own }) => {
      const failure = error ?? own.find((result) => result.error !== undefined)?.error;
      return failure === undefined ? { patientId } : { patientId, error: asError(failure) };
    });
  }
}

function rowsOf(results: readonly PointerResult[]): Parameters<LocatorStore['savePointers']>[1] {
  return results.flatMap(({ job, state }) => (state === undefined ? [] : [{ ...job.key, ...state }]));
}

/** Former tags of which nothing stands in the DHT any more. */
function goneOf(former: readonly OpenTag[], results: readonly PointerResult[]): TagKey[] {
  const left = new Set(results.filter(({ error }) => error !== undefined).map(({ job }) => job.subject.tag));
  return former.filter(({ tag }) => !left.has(tag)).map(({ stored }) => stored);
}

/** Renewals are not events of a patient's: only what changed is logged. */
function entriesOf(patientId: string, results: readonly PointerResult[]): AuditEntry[] {
  const changed = results.filter(({ job, error }) => error !== undefined || job.before?.state !== (job.wanted === 'pointer' ? 'listed' : 'withdrawn'));
  return (['pointer', 'withdrawn'] as const).flatMap((wanted): AuditEntry[] => {
    const concerned = changed.filter(({ job }) => job.wanted === wanted);
    if (concerned.length === 0) return [];
    const failures = concerned.filter(({ error }) => error !== undefined).length;
    return [
      {
        type: wanted === 'pointer' ? 'pointer-published' : 'pointer-withdrawn',
        outcome: failures === 0 ? 'success' : 'failure',
        actor: { kind: 'system', id: 'locator' },
        patientId,
        detail: { pointers: concerned.length - failures, failures },
      },
    ];
  });
}

function changeOf(jobs: readonly PointerJob[]): VisibleChange {
  const appearing = jobs.filter(({ wanted, before }) => wanted === 'pointer' && before?.state !== 'listed').length;
  const vanishing = jobs.filter(({ wanted }) => wanted === 'withdrawn').length;
  return { appearing, vanishing, rewritten: jobs.length - appearing };
}

function mayStand({ state, touched }: StoredPointer): boolean {
  return state !== 'withdrawn' && touched !== 0;
}

/** In an order that does not say which come from where. */
function interleaved(jobs: readonly PointerJob[], beside: readonly PointerJob[]): PointerJob[] {
  const keyed = [...jobs, ...beside].map((job) => ({ job, order: hex(job.subject.tag) }));
  return keyed.sort((one, other) => (one.order < other.order ? -1 : 1)).map(({ job }) => job);
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error('A publication failed.', { cause: failure });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
