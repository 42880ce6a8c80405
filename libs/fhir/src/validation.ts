import { OperationOutcomeError, validateResource } from '@medplum/core';
import { loadDefinitions } from './definitions.ts';
import { checkElements } from './element-checks.ts';
import { propertyPath } from './json.ts';
import { MAX_BUNDLE_BYTES } from './limits.ts';
import { checkStructure } from './structure-checks.ts';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { IssueCollector } from './issues.ts';
import type { ResolvedEntry } from './resolve-references.ts';
import type { FhirIssueCode, FhirResource } from './types.ts';

/** Validates a resource against FHIR R4: structure, cardinality, formats, invariants, required codes, reference types. */
export function validateEntry(entry: ResolvedEntry, issues: IssueCollector): void {
  const definitions = loadDefinitions();
  checkStructure(entry, issues);
  let reported = 0;
  const report = (code: FhirIssueCode, path: string, diagnostics: string): void => {
    reported += 1;
    issues.add(code, expressionOf(entry, path), diagnostics);
  };
  try {
    checkElements(entry.resource, definitions, report);
    for (const { code, path, diagnostics } of validatorIssues(entry.resource)) report(code, path, diagnostics);
  } catch {
    // The crawler stumbles over values of a wholly different shape (mostly told by then); its error may quote them.
    if (reported === 0) report('structure', entry.resource.resourceType, 'The resource does not have the structure of its type.');
  }
}

function validatorIssues(resource: FhirResource): { code: FhirIssueCode; path: string; diagnostics: string }[] {
  try {
    validateResource(resource as Resource, { base64BinaryMaxBytes: MAX_BUNDLE_BYTES });
    return [];
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue
      .filter(({ severity }) => severity === 'error')
      .map((issue) => ({ code: codeOf(issue), path: issue.expression?.[0] ?? resource.resourceType, diagnostics: diagnosticsOf(issue) }));
  }
}

function codeOf({ code, details }: OperationOutcomeIssue): FhirIssueCode {
  if (details?.text === 'Missing required property') return 'required';
  return code === 'invariant' ? 'invariant' : 'structure';
}

/** The validator's sentence; what stands in quotation marks in it is the sender's (the name of an unknown property, an unknown type). */
function diagnosticsOf({ code, details }: OperationOutcomeIssue): string {
  const text = details?.text ?? '';
  if (code === 'invariant') return `${text}${text.endsWith('.') ? '' : '.'}`;
  if (code !== 'structure') return 'The resource does not have the structure of its type.';
  return `${text.replaceAll(/\s*"[^"]*"/g, '')}.`;
}

/** `Observation.component[0].value[x]` as FHIRPath inside the bundle: `Bundle.entry[3].resource.component[0].value`. */
function expressionOf({ path, resource }: ResolvedEntry, validatorPath: string): string {
  const [first, ...names] = validatorPath.replaceAll('[x]', '').split('.');
  const below = first === resource.resourceType ? names : [];
  let expression = `${path}.resource`;
  for (const name of below) {
    const [, element = '', index = ''] = /^([^[]*)(\[\d+\])?$/.exec(name) ?? [];
    const next = propertyPath(expression, element);
    if (next === expression) break;
    expression = next + index;
  }
  return expression;
}
