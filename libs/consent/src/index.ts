/**
 * Whether a hospital may give out a patient's records: the patient's FHIR R4 Consents and the hospital's own Cedar policies,
 * decided by one function that denies when in doubt.
 *
 * @example
 * const decider = ConsentDecider.create({ holder: 'did:webvh:…:a.hospital.example' });
 * const decision = decider.decide({ requester, role: 'clinician', purpose: 'TREAT', resourceTypes: ['Observation'], consents, now });
 * if (decision.outcome === 'permit') release(decision.permittedTypes);
 */
export { buildConsent, withdrawConsent } from './build-consent.ts';
export { ConsentError } from './consent-error.ts';
export { ConsentDecider } from './decider.ts';
export { DEFAULT_HOSPITAL_POLICIES } from './policy-schema.ts';
export { isResourceType, RESOURCE_TYPES } from './resource-types.ts';
export type { ConsentStatement } from './build-consent.ts';
export type { RefusedPermit } from './compile-consent.ts';
export type { ConsentErrorCode } from './consent-error.ts';
export type { Decision, DecisionReason, ReleaseQuestion } from './decider.ts';
