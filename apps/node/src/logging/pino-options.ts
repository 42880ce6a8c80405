import type { LoggerOptions } from 'pino';
import { safeError } from './safe-error.ts';
import type { Configuration } from '../config/configuration.ts';

/**
 * Fields that must never be written, whoever puts them into a log call by mistake. The rule is that nobody does: this
 * is the net below it.
 */
const REDACTED = ['password', 'token', 'authorization', 'cookie', 'passphrase', 'ticket', 'variables', 'query', 'body', 'headers', 'identifier', 'name', 'reason', 'resource', 'bundle'];

/** Pino's options for a node: JSON lines with the node's name as `service`, without host name and process id. */
export function pinoOptions(configuration: Pick<Configuration, 'role' | 'domain' | 'logLevel'>): LoggerOptions {
  return {
    level: configuration.logLevel,
    base: { role: configuration.role, node: configuration.domain },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      // Without a message pino takes the error's, which is the one thing of an error that must not be written.
      logMethod(inputs, method) {
        const [first, ...rest] = inputs as unknown as [unknown, ...string[]];
        if (first instanceof Error) method.apply(this, [{ err: first }, ...(rest.length > 0 ? rest : ['error'])] as unknown as Parameters<typeof method>);
        else method.apply(this, typeof first === 'object' && first !== null && 'err' in first && rest.length === 0 ? [first, 'error'] : inputs);
      },
    },
    serializers: { err: safeError, error: safeError },
    redact: { paths: REDACTED.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
  };
}
