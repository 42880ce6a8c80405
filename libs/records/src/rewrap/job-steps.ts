import type { AuditActor, AuditLog } from '@carecord/audit';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import type { RewrapJob, RewrapJobStore } from '../rewrap-job.ts';
import type { RewrapBatch } from './level.ts';

/** The name under which finished jobs stand in the audit log. */
const ACTOR: AuditActor = { kind: 'system', id: 'rewrap-keys' };

/** What jobs are stored with. */
export interface JobStepsOptions {
  readonly jobs: RewrapJobStore;
  readonly transactions: TransactionRunner;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** The steps of a job: each is one transaction that holds the job's lock, so it is done once and wholly or not at all. */
export class JobSteps {
  constructor(private readonly options: JobStepsOptions) {}

  /**
   * Runs one batch and stores how far the job is.
   * @returns the job afterwards; as it is when another process has ended it
   */
  step(id: string, batch: RewrapBatch): Promise<RewrapJob | undefined> {
    const { jobs, transactions, clock } = this.options;
    return transactions.run(async (transaction) => {
      const job = await jobs.lock(transaction, id);
      if (job?.state !== 'running') return job;
      const after = { ...(await batch(transaction, job)), updatedAt: clock.now() };
      await jobs.update(transaction, after);
      if (after.state !== 'running') await this.announceEnd(transaction, after);
      return after;
    });
  }

  /** The job as ended: failed when keys were left as they were because they do not open. */
  ended(job: RewrapJob): RewrapJob {
    const finishedAt = this.options.clock.now();
    return job.errorCode === undefined ? { ...job, state: 'finished', total: job.done, finishedAt } : { ...job, state: 'failed', finishedAt };
  }

  private async announceEnd(transaction: Transaction, { id, level, state, done, errorCode }: RewrapJob): Promise<void> {
    const outcome = state === 'finished' ? ({ outcome: 'success' } as const) : ({ outcome: 'failure', reasonCode: errorCode ?? 'INTERNAL' } as const);
    await this.options.audit.append(transaction, { type: 'keys-rewrapped', actor: ACTOR, ...outcome, detail: { job: id, level, phase: 'ended', done } });
  }
}
