import { CarecordError } from '@carecord/core';

/** What a log line says about an error: enough to find the place, nothing of what was being processed. */
export interface SafeError {
  readonly errorName: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly errorStack?: string;
  readonly causedBy?: SafeError;
}

/** Causes followed at the most: a chain may be circular. */
const MAX_CAUSES = 5;

/**
 * Describes an error for the log. Messages of foreign errors (database drivers, parsers) can repeat what they were given,
 * so only messages of our own errors are written; of the others the name, the code and the stack's places remain.
 */
export function safeError(error: unknown, depth = 0): SafeError {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    errorName: error.name,
    ...(typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? { errorCode: code } : {}),
    ...(error instanceof CarecordError ? { errorMessage: error.message } : { errorStack: stackPlaces(error) }),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { causedBy: safeError(error.cause, depth + 1) } : {}),
  };
}

/** The "at …" lines of a stack: its first lines repeat the message. */
function stackPlaces(error: Error): string {
  return (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).join('\n');
}
