import { randomUUID } from 'node:crypto';
import { errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { withLease } from '../database/lease.ts';
import { WakeUp } from '../database/wake-up.ts';

/** How long a job stays with a replica that gives no sign of life. */
export const JOB_LEASE_MILLISECONDS = 60_000;
/** How often a replica looks whether another one has died in the middle of a job. */
const POLL_MILLISECONDS = 30_000;

/** Work that recurs. */
export interface Job {
  readonly name: string;
  /** From the end of one run to the beginning of the next. */
  readonly everyMilliseconds: number;
  run(): Promise<void>;
}

/** Runs recurring jobs: of all replicas, one at a time runs a job. When it runs next outlives a restart. */
export class JobScheduler {
  private readonly jobs = new Map<string, Job>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly wakeUp: WakeUp;
  private loop: Promise<void> | undefined;
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.wakeUp = new WakeUp(clock);
  }

  /** Adds a job; a new one is due at once. */
  add(job: Job): void {
    this.jobs.set(job.name, job);
    this.wakeUp.call();
  }

  start(): void {
    this.loop ??= this.runJobs();
  }

  /** Begins no more jobs and waits until the running ones have ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp.call();
    await this.loop;
    await Promise.all(this.running.values());
  }

  private async runJobs(): Promise<void> {
    while (!this.stopping) {
      await this.wakeUp.sleepUntil(await this.beginDueJobs());
    }
  }

  /** @returns when to look again */
  private async beginDueJobs(): Promise<Date> {
    const now = this.clock.now();
    const lookAgain = later(now, POLL_MILLISECONDS);
    const idle = [...this.jobs.keys()].filter((name) => !this.running.has(name));
    try {
      await this.database.job.createMany({ data: idle.map((name) => ({ name, nextRunAt: now })), skipDuplicates: true });
      for (const name of idle) await this.beginIfDue(name, now);
      const next = await this.database.job.findFirst({ where: { name: { in: idle } }, orderBy: { nextRunAt: 'asc' } });
      return next !== null && next.nextRunAt < lookAgain && next.nextRunAt > now ? next.nextRunAt : lookAgain;
    } catch (error) {
      this.logger.warn('jobs-unreachable', { code: errorCodeOf(error) }, error);
      return lookAgain;
    }
  }

  private async beginIfDue(name: string, now: Date): Promise<void> {
    const job = this.jobs.get(name);
    const claim = randomUUID();
    const { count } = await this.database.job.updateMany({
      where: { name, nextRunAt: { lte: now } },
      data: { claim, nextRunAt: later(now, JOB_LEASE_MILLISECONDS), lastStartedAt: now },
    });
    if (job === undefined || count === 0) return;
    const run = this.runJob(job, claim).finally(() => {
      this.running.delete(name);
      this.wakeUp.call();
    });
    this.running.set(name, run);
  }

  private async runJob(job: Job, claim: string): Promise<void> {
    const { name } = job;
    const renew = async (nextRunAt: Date): Promise<void> => {
      await this.database.job.updateMany({ where: { name, claim }, data: { nextRunAt } });
    };
    try {
      await withLease({ clock: this.clock, logger: this.logger, milliseconds: JOB_LEASE_MILLISECONDS, renew }, async () => {
        const lastErrorCode = await this.outcomeOf(job);
        const lastFinishedAt = this.clock.now();
        await this.database.job.updateMany({
          where: { name, claim },
          data: { lastErrorCode, lastFinishedAt, claim: null, nextRunAt: later(lastFinishedAt, job.everyMilliseconds) },
        });
      });
    } catch (error) {
      // The lease ends by itself; whoever looks then runs the job.
      this.logger.warn('job-not-settled', { job: name, code: errorCodeOf(error) }, error);
    }
  }

  private async outcomeOf(job: Job): Promise<string | null> {
    try {
      await job.run();
      return null;
    } catch (error) {
      this.logger.warn('job-failed', { job: job.name, code: errorCodeOf(error) }, error);
      return errorCodeOf(error);
    }
  }
}
