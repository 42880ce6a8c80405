import type { Clock, Logger } from '@carecord/core';
import { later } from '@carecord/core';

/** Work that is repeated while the node runs. */
export interface PeriodicJob {
  readonly name: string;
  readonly everyMilliseconds: number;
  run(): Promise<void>;
}

/**
 * Runs each job at once and then again after each interval, until stopped. A failure is logged and the job goes on; a job never
 * runs twice at a time.
 */
export function startPeriodicJobs(jobs: readonly PeriodicJob[], { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): { stop(): Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const repeat = async (job: PeriodicJob): Promise<void> => {
    while (!signal.aborted) {
      try {
        await job.run();
      } catch (error) {
        logger.error('job-failed', { job: job.name }, error);
      }
      await clock.sleepUntil(later(clock.now(), job.everyMilliseconds), signal).catch(() => undefined);
    }
  };
  const running = Promise.all(jobs.map(repeat));
  return {
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
