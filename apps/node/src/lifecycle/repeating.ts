import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** Work that every replica does for itself, again and again. */
export interface RepeatingTask {
  readonly name: string;
  readonly everyMilliseconds: number;
  run(): Promise<unknown>;
}

/**
 * Runs tasks until it is closed, each with its pause after the end of the run before; a failure is logged, and the next run comes.
 * @returns closes: no run begins any more, and those that run are waited for
 */
export function repeat(tasks: readonly RepeatingTask[], { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): () => Promise<void> {
  const stopping = new AbortController();
  const loops = tasks.map((task) => loop(task, clock, logger, stopping.signal));
  return async () => {
    stopping.abort();
    await Promise.all(loops);
  };
}

async function loop(task: RepeatingTask, clock: Clock, logger: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clock.sleepUntil(later(clock.now(), task.everyMilliseconds), signal);
    } catch {
      // Closed while it slept, or while the task ran.
      return;
    }
    try {
      await task.run();
    } catch (error) {
      logger.warn('task-failed', { task: task.name }, error);
    }
  }
}
