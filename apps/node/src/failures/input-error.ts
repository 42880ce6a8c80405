import { CarecordError } from '@carecord/core';

/** One wrong place of an input, in the words of a FHIR OperationOutcome. */
export interface InputIssue {
  readonly severity: string;
  readonly code: string;
  readonly expression: string;
  readonly diagnostics: string;
}

/** Arguments do not have the expected form. */
export class InputError extends CarecordError<'INPUT_INVALID'> {
  constructor(readonly issues: readonly InputIssue[]) {
    super('INPUT_INVALID', 'An argument does not have the expected form.');
  }
}
