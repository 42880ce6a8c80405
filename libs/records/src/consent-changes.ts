import type { PreparedResource } from '@carecord/fhir';
import type { SealedResource } from './rewrite-manifests.ts';

/** Outbox topic `{ patientId }`: a consent of the patient may say less than before, so what was granted because of it must end. */
export const CONSENT_CHANGED = 'consent-changed';

/**
 * Internal ids of the patients, each once, of whom one of these versions may take back what a consent gave. Only a new
 * Consent that permits and does nothing else takes nothing back; every other one counts, also what is not understood.
 */
export function patientsWithNarrowedConsent(sealed: readonly SealedResource[]): string[] {
  const narrowed = sealed.flatMap(({ prepared: { resource }, version: { patientId, versionNumber } }) => {
    if (resource.resourceType !== 'Consent' || patientId === undefined) return [];
    return versionNumber === 1 && isPurePermit(resource) ? [] : [patientId];
  });
  return [...new Set(narrowed)];
}

/** The code system of a consent's base rule. */
const ACT_CODE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/**
 * Whether a Consent (https://hl7.org/fhir/R4/consent.html) permits and has no exception. A base rule other than opt-in may
 * contradict the permit, and a modifier may turn it round.
 */
function isPurePermit({ status, policyRule, provision, implicitRules, modifierExtension }: PreparedResource['resource']): boolean {
  if (status !== 'active' || implicitRules !== undefined || modifierExtension !== undefined) return false;
  if (!isObject(provision) || provision['type'] !== 'permit') return false;
  if (provision['provision'] !== undefined || provision['modifierExtension'] !== undefined) return false;
  return policyRule === undefined || isOptIn(policyRule);
}

function isOptIn(policyRule: unknown): boolean {
  const codings = isObject(policyRule) ? policyRule['coding'] : undefined;
  if (!Array.isArray(codings) || codings.length !== 1) return false;
  const coding: unknown = codings[0];
  return isObject(coding) && coding['system'] === ACT_CODE_SYSTEM && coding['code'] === 'OPTIN';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
