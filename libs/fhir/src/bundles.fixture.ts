import { FhirError } from './fhir-error.ts';
import { prepareBundle } from './prepare-bundle.ts';
import type { FhirIssue } from './types.ts';

/** For the tests beside: a valid patient `p1`, anything replaced, added or (`undefined`) left out. */
export function patient(elements: Record<string, unknown> = {}): Record<string, unknown> {
  return withoutAbsent({ resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '1970-01-01', ...elements });
}

/** For the tests beside: a valid observation of `Patient/p1`, anything replaced, added or (`undefined`) left out. */
export function observation(elements: Record<string, unknown> = {}): Record<string, unknown> {
  return withoutAbsent({
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: 'Patient/p1' },
    ...elements,
  });
}

/** For the tests beside: a transaction that POSTs the resources. */
export function transaction(...resources: Record<string, unknown>[]): Record<string, unknown> {
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({ resource, request: { method: 'POST', url: resource['resourceType'] } })),
  };
}

/** For the tests beside: the error with which a bundle is refused. */
export function refusalOf(bundle: unknown): FhirError {
  try {
    prepareBundle(bundle);
  } catch (error) {
    if (error instanceof FhirError) return error;
    throw error;
  }
  throw new Error('The bundle was not refused.');
}

/** For the tests beside: the one issue with which a bundle is refused. */
export function onlyIssueOf(bundle: unknown): FhirIssue {
  const { issues } = refusalOf(bundle);
  if (issues[0] === undefined || issues.length > 1) throw new Error(`Expected one issue: ${JSON.stringify(issues)}`);
  return issues[0];
}

function withoutAbsent(elements: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== undefined));
}
