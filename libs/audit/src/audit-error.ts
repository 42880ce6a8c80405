import { CarecordError } from '@carecord/core';

/**
 * - `AUDIT_ENTRY_INVALID`: an entry is not of the vocabulary, or carries text that is too long to be a code or an id
 * - `AUDIT_FILTER_INVALID`: a list was asked for with a limit that is not allowed
 * - `AUDIT_CHAIN_BROKEN`: the log was changed behind our back
 */
export type AuditErrorCode = 'AUDIT_ENTRY_INVALID' | 'AUDIT_FILTER_INVALID' | 'AUDIT_CHAIN_BROKEN';

/** Why the audit log refused. */
export class AuditError extends CarecordError<AuditErrorCode> {
  /** For `AUDIT_CHAIN_BROKEN`: the first sequence at which the log is not what was written. */
  readonly sequence?: number;

  constructor(code: AuditErrorCode, message: string, options?: { readonly cause?: unknown; readonly sequence?: number }) {
    super(code, message, options);
    this.sequence = options?.sequence;
  }
}
