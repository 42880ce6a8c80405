import { FhirError } from './fhir-error.ts';
import { isJsonObject, propertyPath } from './json.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_JSON_VALUES, MAX_LIST_LENGTH, MAX_NESTING_DEPTH } from './limits.ts';
import type { FhirErrorCode } from './fhir-error.ts';
import type { FhirIssueCode } from './types.ts';

interface Visit {
  readonly value: unknown;
  readonly depth: number;
  readonly path: string;
}

/**
 * Refuses, before anything else looks at it, what is too large or is not plain JSON. Names of `Object.prototype`
 * (`__proto__`, `valueOf`, ...) are no FHIR elements; as properties they would confuse the validator.
 * @throws FhirError `BUNDLE_TOO_LARGE` or `INVALID_BUNDLE`
 */
export function requireWithinLimits(bundle: unknown): void {
  if (isJsonObject(bundle) && Array.isArray(bundle['entry']) && bundle['entry'].length > MAX_BUNDLE_ENTRIES) {
    refuse('BUNDLE_TOO_LARGE', 'too-costly', 'Bundle.entry', `The bundle has more than ${MAX_BUNDLE_ENTRIES} entries.`);
  }
  requirePlainJson(bundle);
  if (Buffer.byteLength(JSON.stringify(bundle)) > MAX_BUNDLE_BYTES) {
    refuse('BUNDLE_TOO_LARGE', 'too-costly', 'Bundle', `The bundle is larger than ${MAX_BUNDLE_BYTES} bytes.`);
  }
}

function requirePlainJson(bundle: unknown): void {
  const waiting: Visit[] = [{ value: bundle, depth: 0, path: 'Bundle' }];
  let seen = 0;
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    seen += 1;
    if (seen > MAX_JSON_VALUES) refuse('BUNDLE_TOO_LARGE', 'too-costly', 'Bundle', `The bundle has more than ${MAX_JSON_VALUES} values.`);
    waiting.push(...childrenOf(visit));
  }
}

function childrenOf({ value, depth, path }: Visit): Visit[] {
  if (typeof value === 'string') {
    // Half a surrogate pair would come back as another character: UTF-8 cannot hold it.
    if (!value.isWellFormed()) refuse('INVALID_BUNDLE', 'value', path, 'A text is not well-formed Unicode.');
    return [];
  }
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return [];
  if (depth > MAX_NESTING_DEPTH) refuse('BUNDLE_TOO_LARGE', 'too-costly', path, `The bundle is nested deeper than ${MAX_NESTING_DEPTH} levels.`);
  if (Array.isArray(value)) {
    if (value.length > MAX_LIST_LENGTH) refuse('BUNDLE_TOO_LARGE', 'too-costly', path, `A list has more than ${MAX_LIST_LENGTH} items.`);
    return value.map((item: unknown, index) => ({ value: item, depth: depth + 1, path: `${path}[${index}]` }));
  }
  if (!isJsonObject(value) || Object.prototype.toString.call(value) !== '[object Object]') {
    return refuse('INVALID_BUNDLE', 'structure', path, 'A value is not JSON.');
  }
  return Object.entries(value).map(([name, child]) => {
    if (name in Object.prototype) refuse('INVALID_BUNDLE', 'structure', path, 'An object has a property with a reserved name.');
    return { value: child, depth: depth + 1, path: propertyPath(path, name) };
  });
}

function refuse(code: FhirErrorCode, issueCode: FhirIssueCode, expression: string, diagnostics: string): never {
  throw new FhirError(code, diagnostics, [{ severity: 'error', code: issueCode, expression, diagnostics }]);
}
