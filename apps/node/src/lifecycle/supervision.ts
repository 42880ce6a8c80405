import type { Logger } from '@carecord/core';
import type { RunningNode } from './running-node.ts';

/** Longer than any handler may take; whoever supervises us kills after some more seconds. */
const STOP_TIMEOUT_MILLISECONDS = 15_000;

/** The part of `process` that supervision uses. */
export interface HostProcess {
  once(event: 'SIGTERM' | 'SIGINT' | 'disconnect', listener: () => void): unknown;
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Stops the node on SIGTERM, on SIGINT and when the process that started it is gone, once, and ends the process: with 0 after
 * a clean stop, with 1 otherwise. What nobody caught is logged without its text.
 */
export function supervise(node: RunningNode, host: HostProcess, logger: Logger): void {
  let stopping = false;
  const stop = (cause: string, failed: boolean): void => {
    if (stopping) return;
    stopping = true;
    logger.info('node-stopping', { cause });
    const timeout = setTimeout(() => {
      logger.error('node-stop-timeout');
      host.exit(1);
    }, STOP_TIMEOUT_MILLISECONDS);
    void node.stop().then((clean) => {
      clearTimeout(timeout);
      logger.info('node-stopped', { clean });
      host.exit(clean && !failed ? 0 : 1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) host.once(signal, () => stop(signal, false));
  host.once('disconnect', () => stop('parent-gone', false));
  // A promise that nobody awaited, in a library's stream for example, is a bug to be logged and no reason to go down.
  host.on('unhandledRejection', (error) => logger.error('unhandled-rejection', {}, error));
  host.on('uncaughtException', (error) => {
    logger.error('uncaught-exception', {}, error);
    stop('uncaught-exception', true);
  });
}
