import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { HospitalKeys } from './keys.ts';
import type { PointerJob } from './pointer-job.ts';
import type { LocatorStore, StoredTag, TagKey } from './ports.ts';
import type { TagBook } from './tag-book.ts';

/**
 * The least that a hospital publishes, its patients and dummies together: a practice with five patients looks like one with sixty. Each
 * pointer has about 6 KB with each of five storers, so that this costs the network 2 MB a hospital and epoch.
 */
export const MIN_PUBLISHED = 64;

/** How much is published for so many patients' values: the next power of two, so that only the bucket shows, at twice the cost at most. */
export function publishedCount(real: number): number {
  let count = MIN_PUBLISHED;
  while (count < real) count *= 2;
  return count;
}

/** How one publication changes what stands in the DHT for patients, in one epoch. */
export interface VisibleChange {
  readonly appearing: number;
  readonly vanishing: number;
  readonly rewritten: number;
}

/** What the dummies need. */
export interface DummiesOptions {
  readonly store: LocatorStore;
  readonly tags: TagBook;
  readonly keys: HospitalKeys;
  readonly transactions: TransactionRunner;
}

/** What stands for all members, not for one. */
const EVERYBODY = new Uint8Array();

/**
 * Pointers about nobody: nobody but the hospital can tell them from those about patients, as both are admitted and owned by keys that
 * say nothing and sealed to nobody who could open them. They are published, renewed and replaced together with the others.
 */
export class Dummies {
  constructor(private readonly options: DummiesOptions) {}

  /**
   * What is written beside patients' pointers, so that who watches a publication cannot tell which are which: for those that appear,
   * dummies vanish and others appear; some that are there are written again.
   */
  async companionsOf(epoch: number, change: VisibleChange, now: Date): Promise<PointerJob[]> {
    const { store } = this.options;
    const extra = 1 + randomUpTo(Math.max(change.appearing, change.vanishing));
    const others = await store.randomDummies(epoch, change.rewritten + change.appearing + extra);
    if (others.length < change.appearing + extra) return this.balance(epoch, now, change.appearing);
    const leaving = others.slice(0, change.appearing + extra);
    await this.remove(leaving);
    const fresh = await this.add(epoch, change.vanishing + extra);
    return [...fresh, ...others.slice(leaving.length)].map((tag) => this.jobOf(tag));
  }

  /**
   * Brings the number of dummies to what hides the number of patients' pointers; returns those that are new, to be written.
   * @param coming patients' pointers that the store does not know yet
   */
  async balance(epoch: number, now: Date, coming = 0): Promise<PointerJob[]> {
    const { patients, dummies } = await this.options.store.countPointers(epoch, now);
    const wanted = publishedCount(patients + coming) - patients - coming;
    if (wanted < dummies) await this.remove(await this.options.store.randomDummies(epoch, dummies - wanted));
    const fresh = wanted > dummies ? await this.add(epoch, wanted - dummies) : [];
    return fresh.map((tag) => this.jobOf(tag));
  }

  /** Writes dummies again. */
  async renewalsOf(dummyIds: readonly string[]): Promise<PointerJob[]> {
    return (await this.options.store.tagsOf(dummyIds)).filter(({ recipe }) => recipe === 'dummy').map((tag) => this.jobOf(tag));
  }

  private async add(epoch: number, count: number): Promise<StoredTag[]> {
    const { store, tags, keys, transactions } = this.options;
    const rows = Array.from({ length: count }, () => {
      const dummyId = newId();
      return tags.rowOf({ patientId: dummyId, epoch, input: new TextEncoder().encode(dummyId) }, 'dummy', keys.dummyTag(epoch, dummyId));
    });
    await transactions.run((transaction) => store.saveTags(transaction, rows));
    return rows.map((row) => ({ ...row, pointers: [] }));
  }

  /** They are no longer renewed, as it is with the pointers of patients who went elsewhere. */
  private async remove(gone: readonly TagKey[]): Promise<void> {
    const { store, transactions } = this.options;
    if (gone.length > 0) await transactions.run((transaction) => store.removeTags(transaction, gone));
  }

  private jobOf(stored: StoredTag): PointerJob {
    const { tag } = this.options.tags.open(stored);
    const { patientId, inputToken, epoch } = stored;
    return {
      key: { patientId, inputToken, epoch, recipientToken: EVERYBODY },
      sealedRecipient: EVERYBODY,
      subject: { tag, placeTag: tag, patientId, epoch },
      wanted: 'dummy',
      before: stored.pointers[0],
    };
  }
}

/** A number from 0 to `most`, each as likely. */
function randomUpTo(most: number): number {
  return new DataView(randomKey().buffer).getUint32(0) % (most + 1);
}
