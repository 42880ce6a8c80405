/**
 * FHIR R4 as it comes in: limits, validation, ids and references of a bundle, whose each resource is, and what a
 * timeline needs to know of it.
 *
 * @example
 * ```ts
 * loadDefinitions(); // at start: reads the specification once, half a second to a second
 * try {
 *   for (const { resource, owner } of prepareBundle(JSON.parse(body))) seal(resource, owner);
 * } catch (error) {
 *   if (error instanceof FhirError) respond(operationOutcome(error));
 * }
 * ```
 */
export { clinicalDate, clinicalInstant } from './clinical-date.ts';
export { loadDefinitions } from './definitions.ts';
export { FhirError } from './error.ts';
export { MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES } from './limits.ts';
export { operationOutcome } from './operation-outcome.ts';
export { patientIdentifiers } from './patient-identifiers.ts';
export { prepareBundle } from './prepare-bundle.ts';
export type { FhirDefinitions } from './definitions.ts';
export type { FhirErrorCode } from './error.ts';
export type { CodeSet } from './required-codes.ts';
export type { FhirIssue, FhirIssueCode, FhirMeta, FhirResource, PatientIdentifier, PreparedResource, ResourceOwner } from './types.ts';
