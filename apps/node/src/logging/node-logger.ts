import type { LogFields, Logger } from '@carecord/core';
import { destination, pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import { pinoOptions } from './pino-options.ts';
import { safeError } from './safe-error.ts';

const STANDARD_ERROR = 2;

/**
 * Pino for one node, to standard error: standard output stays free for a caller's machine-readable lines. Written
 * synchronously, so that the last lines before an exit are not lost.
 */
export function createPino(configuration: Pick<Configuration, 'role' | 'domain' | 'logLevel'>): PinoLogger {
  return pino(pinoOptions(configuration), destination({ fd: STANDARD_ERROR, sync: true }));
}

/** The libs' logger on top of pino. */
export function nodeLogger(writer: PinoLogger): Logger {
  const withCause = (event: string, fields: LogFields | undefined, cause: unknown): Record<string, unknown> => ({
    event,
    ...fields,
    ...(cause === undefined ? {} : { cause: safeError(cause) }),
  });
  return {
    debug: (event, fields) => writer.debug({ event, ...fields }),
    info: (event, fields) => writer.info({ event, ...fields }),
    warn: (event, fields, cause) => writer.warn(withCause(event, fields, cause)),
    error: (event, fields, cause) => writer.error(withCause(event, fields, cause)),
  };
}
