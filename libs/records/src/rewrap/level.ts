import type { Transaction } from '@carecord/core';
import type { RewrapJob } from '../rewrap-job.ts';

/** What a level's job begins with. */
export type RewrapBeginning = Pick<RewrapJob, 'target' | 'total'>;

/** One level of the key hierarchy, as {@link KeyRewrapping} drives it. */
export interface RewrapLevelWork {
  /** Before the transaction that stores the job: what must not wait for the holder while something is locked. */
  prepare(): Promise<void>;
  /** In the transaction that stores the job. */
  begin(transaction: Transaction): Promise<RewrapBeginning>;
  /**
   * Does the next piece of a job, each batch in a transaction of its own together with the job's progress.
   * @param signal looked at between batches
   * @returns the job afterwards; undefined when there is none of this id any more
   */
  advance(job: RewrapJob, signal: AbortSignal | undefined): Promise<RewrapJob | undefined>;
}

/** A batch of a job whose row is locked: what the job is afterwards. */
export type RewrapBatch = (transaction: Transaction, job: RewrapJob) => Promise<RewrapJob>;
