import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@carecord/core';

/**
 * What NestJS has to say goes to our log as the fact that it said something and where: its messages can quote an
 * exception's text, and that may hold what a request was about.
 */
export function frameworkLogger(logger: Logger): LoggerService {
  const context = (rest: readonly unknown[]): string => {
    const last = rest.at(-1);
    return typeof last === 'string' && !last.includes('\n') ? last : 'unknown';
  };
  return {
    log: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
    warn: (_message: unknown, ...rest: unknown[]) => logger.warn('framework-warning', { context: context(rest) }),
    error: (message: unknown, ...rest: unknown[]) => logger.error('framework-error', { context: context(rest) }, message instanceof Error ? message : undefined),
    fatal: (message: unknown, ...rest: unknown[]) => logger.error('framework-error', { context: context(rest) }, message instanceof Error ? message : undefined),
  };
}
