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
export { canonicalIdentifier } from './canonical-identifier.ts';
export { clinicalDate, clinicalInstant } from './clinical-date.ts';
export { loadDefinitions } from './definitions.ts';
export { directoryReferences } from './directory-references.ts';
export { FhirError } from './fhir-error.ts';
export { operationOutcome } from './operation-outcome.ts';
export { ADMINISTRATIVE_SEXES, patientDemographics } from './patient-demographics.ts';
export { patientIdentifiers } from './patient-identifiers.ts';
export { prepareBundle } from './prepare-bundle.ts';
export { isPurposeOfUse, PURPOSES_OF_USE } from './purpose-of-use.ts';
export type { Identifier } from './canonical-identifier.ts';
export type { FhirDefinitions } from './definitions.ts';
export type { FhirErrorCode } from './fhir-error.ts';
export type { Demographics } from './patient-demographics.ts';
export type { PurposeOfUse } from './purpose-of-use.ts';
export type { CodeSet } from './required-codes.ts';
export type { FhirIssue, FhirIssueCode, FhirMeta, FhirResource, PatientIdentifier, PreparedResource, ResourceOwner } from './types.ts';
