import type { FhirResource } from '@carecord/fhir';

type Elements = Readonly<Record<string, unknown>>;

/** A resource that has its id, as all of these do. */
export type IdentifiedResource = FhirResource & { id: string };

/** For the tests beside: the system of the identifiers of {@link patient}. */
export const IDENTIFIER_SYSTEM = 'https://identifiers.health.example/national';

/** For the tests beside: a patient with the identifier `N-<id>`. */
export function patient(id: string, elements: Elements = {}): IdentifiedResource {
  const identifier = [{ system: IDENTIFIER_SYSTEM, value: `N-${id}` }];
  return { resourceType: 'Patient', id, identifier, gender: 'female', birthDate: '1970-01-01', ...elements };
}

/** For the tests beside: an observation of a patient. */
export function observation(id: string, patientId: string, elements: Elements = {}): IdentifiedResource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: `Patient/${patientId}` },
    ...elements,
  };
}

/** For the tests beside: a condition of a patient. */
export function condition(id: string, patientId: string, elements: Elements = {}): IdentifiedResource {
  return { resourceType: 'Condition', id, subject: { reference: `Patient/${patientId}` }, code: { text: 'Asthma' }, ...elements };
}

/** For the tests beside: a consent of a patient. */
export function consent(id: string, patientId: string, status: 'active' | 'inactive'): IdentifiedResource {
  return {
    resourceType: 'Consent',
    id,
    status,
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }] },
    patient: { reference: `Patient/${patientId}` },
  };
}

/** For the tests beside: an organization of the directory. */
export function organization(id: string, elements: Elements = {}): IdentifiedResource {
  return { resourceType: 'Organization', id, name: `Organization ${id}`, ...elements };
}

/** For the tests beside: a transaction that POSTs the resources. */
export function bundle(...resources: FhirResource[]): FhirResource {
  const entry = resources.map((resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } }));
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

/** For the tests beside: the resource without what the server set when it was stored. */
export function asAdmitted(resource: FhirResource): FhirResource {
  const { meta = {}, ...elements } = resource;
  const kept = Object.fromEntries(Object.entries(meta).filter(([name]) => name !== 'versionId' && name !== 'lastUpdated'));
  return Object.keys(kept).length === 0 ? elements : { ...elements, meta: kept };
}
