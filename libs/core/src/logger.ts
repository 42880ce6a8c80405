/** What may stand in a log line: plain values that the writer chose one by one, never an object of somebody's data. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Structured logging as the libs see it. `event` is a constant in kebab-case; fields hold identifiers of our own,
 * codes, counts and durations in milliseconds, never a name, an identifier or a text of a patient.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, cause?: unknown): void;
  error(event: string, fields?: LogFields, cause?: unknown): void;
}

/** Drops everything: for tests that do not look at the log. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
