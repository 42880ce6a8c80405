import { errorCodeOf } from '@carecord/core';
import type { Logger } from '@carecord/core';
import type { KeyRewrapping } from '@carecord/records';

/** How often a replica looks for a job that another one has left unfinished, or that failed for now. */
export const REWRAP_INTERVAL_MILLISECONDS = 30_000;

/** Works off the jobs that re-wrap keys, in the background: one pass at a time in this process. */
export class RewrapRunner {
  private readonly stopping = new AbortController();
  private working: Promise<void> | undefined;
  private isWanted = false;

  constructor(
    private readonly rewrapping: Pick<KeyRewrapping, 'run'>,
    private readonly logger: Logger,
  ) {}

  /**
   * Takes up what is not finished, until nothing is left; joins the pass that is under way.
   * @throws the key holder's and the database's errors: the next run goes on
   */
  run(): Promise<void> {
    this.isWanted = true;
    this.working ??= this.work();
    return this.working;
  }

  /** Begins at once, without waiting for it: a job has just been made. */
  kick(): void {
    this.run().catch((error: unknown) => {
      if (!this.stopping.signal.aborted) this.logger.warn('rewrapping-interrupted', { code: errorCodeOf(error) }, error);
    });
  }

  /** Ends after the batch that is under way; nothing is begun afterwards. Before the jobs and the database are stopped. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('The node stops.'));
    await this.working?.catch(() => undefined);
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    try {
      // Whoever asks while a pass is under way may have made a job that it has not seen.
      while (this.isWanted && !signal.aborted) {
        this.isWanted = false;
        await this.rewrapping.run(signal);
      }
    } finally {
      this.working = undefined;
    }
  }
}
