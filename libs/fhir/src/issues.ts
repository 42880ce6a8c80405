import { FhirError } from './fhir-error.ts';
import { MAX_ISSUES, MAX_ISSUES_PER_RESOURCE } from './limits.ts';
import type { FhirIssue, FhirIssueCode } from './types.ts';

/** Collects what is wrong with a bundle, so that one answer names every bad resource. */
export class IssueCollector {
  private readonly issues: FhirIssue[] = [];
  private readonly countOfPlace = new Map<string, number>();
  private untold = 0;
  private unknownType = false;

  /** Notes an issue; `expression` begins with `Bundle`. */
  add(code: FhirIssueCode, expression: string, diagnostics: string): void {
    const place = /^Bundle\.entry\[\d+\]/.exec(expression)?.[0] ?? 'Bundle';
    const count = (this.countOfPlace.get(place) ?? 0) + 1;
    this.countOfPlace.set(place, count);
    if (count > MAX_ISSUES_PER_RESOURCE || this.issues.length >= MAX_ISSUES) {
      this.untold += 1;
      return;
    }
    this.issues.push({ severity: 'error', code, expression, diagnostics });
  }

  /** Notes an entry whose type is none that is admitted. */
  addUnknownType(expression: string, diagnostics: string): void {
    this.unknownType = true;
    this.add('not-supported', expression, diagnostics);
  }

  /** @throws FhirError when anything was noted */
  throwIfAny(): void {
    if (this.issues.length === 0) return;
    const untold: FhirIssue[] =
      this.untold === 0 ? [] : [{ severity: 'error', code: 'too-costly', expression: 'Bundle', diagnostics: `${this.untold} further issues are not listed.` }];
    throw new FhirError(
      this.unknownType ? 'UNKNOWN_RESOURCE_TYPE' : 'INVALID_BUNDLE',
      'The bundle was refused; nothing of it is stored. Its issues name every place.',
      [...this.issues, ...untold],
    );
  }
}
