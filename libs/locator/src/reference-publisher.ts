import { later, newId } from '@carecord/core';
import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import { contentIdOf } from '@carecord/crypto';
import type { LocalIdentity } from '@carecord/identity';
import { publishReferences } from '@carecord/network';
import type { NetworkHost, Placement, PublishOptions } from '@carecord/network';
import { publishedCount } from './dummies.ts';
import { HospitalKeys } from './keys.ts';
import { LocatorError } from './locator-error.ts';
import type { PatientOutcome } from './publisher.ts';
import type { ReferenceStore, StoredReference } from './ports.ts';

/** How long a reference stands when it is not renewed. */
export const REFERENCE_LIFETIME_MILLISECONDS = 48 * 60 * 60_000;
/** What at most half of the storers took is published again after this. */
const RETRY_MILLISECONDS = 10 * 60_000;

/** A patient and the content id of its sealed manifest. */
export interface PatientReference {
  readonly patientId: string;
  readonly contentId: string;
}

/** What it takes to publish references. */
export interface ReferencePublisherOptions {
  readonly network: Pick<NetworkHost, 'publish'>;
  readonly store: ReferenceStore;
  readonly identity: Pick<LocalIdentity, 'current' | 'did'>;
  /** 32 bytes, secret: the locator's. */
  readonly indexKey: Uint8Array;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Says in the DHT that this hospital holds the sealed manifests of its patients, listed or not, in batches; with dummies among them,
 * which are content ids of nothing, so that who counts them does not count patients.
 */
export class ReferencePublisher {
  private readonly keys: HospitalKeys;

  constructor(private readonly options: ReferencePublisherOptions) {
    this.keys = new HospitalKeys(options.indexKey);
  }

  /**
   * Publishes references and what hides them: where a patient's manifest is another one now, as many dummies are replaced too, chosen
   * at random. Repeating it does no harm.
   * @param dummies of {@link due}, to be renewed with them
   * @returns how each patient's ended; what failed is due again soon
   */
  async publish(patients: readonly PatientReference[], dummies: readonly StoredReference[] = [], options: PublishOptions = {}): Promise<PatientOutcome[]> {
    const { store } = this.options;
    const known = new Map((await store.referencesOf(patients.map(({ patientId }) => patientId))).map((one) => [one.subjectId, one]));
    const changed = patients.filter(({ patientId, contentId }) => known.get(patientId)?.contentId !== contentId);
    const replaced = await this.replacements(changed.length, patients.filter(({ patientId }) => !known.has(patientId)).length);
    const renewed = dummies.filter(({ subjectId }) => !replaced.some((one) => one.subjectId === subjectId));
    const subjects = [...patients.map(({ patientId, contentId }) => ({ subjectId: patientId, dummyGeneration: undefined, contentId })), ...renewed, ...replaced];
    const stored = await this.write(subjects, [...known.values(), ...dummies, ...replaced], options);
    return patients.map(({ patientId }, at) => {
      if (stored[at] !== 0) return { patientId };
      return { patientId, error: new LocatorError('PUBLISHING_FAILED', 'The network did not take a reference.') };
    });
  }

  /** References, of patients and dummies, that expire before then: the soonest first, `limit` at the most. */
  due(expiresBefore: Date, limit: number): Promise<StoredReference[]> {
    return this.options.store.referencesDue(expiresBefore, limit);
  }

  /** Brings the number of dummies to what hides the number of patients; those that are new are due at once. To be called now and then. */
  async tidy(): Promise<void> {
    const { store, transactions } = this.options;
    const { patients, dummies } = await store.countReferences();
    const wanted = publishedCount(patients) - patients;
    const surplus = await store.randomDummyReferences(Math.max(0, dummies - wanted));
    await transactions.run((transaction) => store.removeReferences(transaction, surplus.map(({ subjectId }) => subjectId)));
    await this.add(wanted - dummies);
  }

  /** Forgets a patient's: it is not renewed any more. */
  async forget(patientIds: readonly string[]): Promise<void> {
    const { store, transactions } = this.options;
    await transactions.run((transaction) => store.removeReferences(transaction, patientIds));
  }

  /**
   * Dummies that get another content id; where patients are new, as many dummies give way to them.
   * @param changed how many patients' references are others than before, new ones among them
   */
  private async replacements(changed: number, added: number): Promise<StoredReference[]> {
    const { store } = this.options;
    if (changed === 0) return [];
    const chosen = await store.randomDummyReferences(changed + added);
    let leaving = added;
    let fresh: StoredReference[] = [];
    if (chosen.length < changed + added) {
      // These are all that there are: the bucket is nearly full, or there was none yet.
      const { patients, dummies } = await store.countReferences();
      const wanted = publishedCount(patients + added) - patients - added;
      leaving = Math.max(0, dummies - wanted);
      fresh = await this.add(wanted - dummies);
    }
    await this.forget(chosen.slice(0, leaving).map(({ subjectId }) => subjectId));
    const replaced = chosen.slice(leaving).map(({ subjectId, dummyGeneration = 0, sequence, expiresAt }) => this.dummy(subjectId, dummyGeneration + 1, sequence, expiresAt));
    return [...fresh, ...replaced];
  }

  private async add(count: number): Promise<StoredReference[]> {
    const { store, transactions, clock } = this.options;
    const fresh = Array.from({ length: Math.max(0, count) }, () => this.dummy(newId(), 0, 0, clock.now()));
    await transactions.run((transaction) => store.saveReferences(transaction, fresh));
    return fresh;
  }

  private dummy(subjectId: string, dummyGeneration: number, sequence: number, expiresAt: Date): StoredReference {
    return { subjectId, dummyGeneration, contentId: contentIdOf(this.keys.dummyContent(subjectId, dummyGeneration)), sequence, expiresAt };
  }

  /** @returns how many stores took each, in the order given */
  private async write(
    subjects: readonly Pick<StoredReference, 'contentId' | 'dummyGeneration' | 'subjectId'>[],
    before: readonly StoredReference[],
    options: PublishOptions,
  ): Promise<number[]> {
    const { network, store, identity, transactions, clock, logger } = this.options;
    if (subjects.length === 0) return [];
    const now = clock.now();
    // Time rises even when the store was restored from a backup that does not know the last sequence.
    const sequence = before.reduce((highest, one) => Math.max(highest, one.sequence + 1), now.getTime());
    const publication = { contentIds: subjects.map(({ contentId }) => contentId), identity, sequence, expiresAt: later(now, REFERENCE_LIFETIME_MILLISECONDS) };
    const placements = await publishReferences(network, publication, options);
    const rows = subjects.map(({ subjectId, contentId, dummyGeneration }, at) => {
      const goodFor = isTaken(placements[at] as Placement) ? REFERENCE_LIFETIME_MILLISECONDS : RETRY_MILLISECONDS;
      return { subjectId, contentId, dummyGeneration, sequence, expiresAt: later(now, goodFor) };
    });
    await transactions.run((transaction) => store.saveReferences(transaction, rows));
    const untaken = placements.filter((placement) => !isTaken(placement)).length;
    if (untaken > 0) logger.info('references-not-taken', { references: placements.length, untaken });
    return placements.map(({ stored }) => stored);
  }
}

/** More than half of those who are responsible have it. */
function isTaken({ stored, occupied, refused, unreached }: Placement): boolean {
  return stored * 2 > stored + occupied + refused + unreached;
}
