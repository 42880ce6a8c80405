import { CarecordError } from '@carecord/core';
import type { FhirIssue } from './types.ts';

/**
 * `BUNDLE_TOO_LARGE`: over a limit, not looked at any further; `UNKNOWN_RESOURCE_TYPE`: at least one entry is of no R4
 * type that is admitted; `INVALID_BUNDLE`: anything else. `issues` names every place.
 */
export type FhirErrorCode = 'BUNDLE_TOO_LARGE' | 'UNKNOWN_RESOURCE_TYPE' | 'INVALID_BUNDLE';

/** Why a bundle was refused as a whole. */
export class FhirError extends CarecordError<FhirErrorCode> {
  readonly issues: readonly FhirIssue[];

  /** @param issues at least one; no value of the bundle in them, so that they may be shown and counted */
  constructor(code: FhirErrorCode, message: string, issues: readonly FhirIssue[]) {
    super(code, message);
    this.issues = issues;
  }
}
