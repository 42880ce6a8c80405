/**
 * The base of every error that we throw on purpose. Each lib has one subclass with a closed union of codes, so a caller
 * can switch over `code`; the message is a sentence for a person and never holds personal data or another party's text.
 */
export abstract class CarecordError<Code extends string = string> extends Error {
  readonly code: Code;

  /**
   * @param code one of the lib's closed set of codes
   * @param message a sentence that says what happened and, where possible, what to do next
   * @param options `cause`: the underlying error, for the log alone
   */
  constructor(code: Code, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/**
 * What may be written down about a failure: the code of an error of ours, never a text.
 * @param fallback for every other error
 */
export function errorCodeOf(error: unknown, fallback = 'INTERNAL'): string {
  return error instanceof CarecordError ? String(error.code) : fallback;
}
