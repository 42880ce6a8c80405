import { NodeError } from '../failures/node-error.ts';

const CONSENT_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9.-]{1,64})$/;

/** Names one consent of one patient: a Consent's FHIR id alone would not say whose it is. */
export function writeConsentId(patientId: string, resourceId: string): string {
  return `${patientId}.${resourceId}`;
}

/** @throws NodeError `NOT_FOUND` for what is no such name */
export function readConsentId(consentId: string): { readonly patientId: string; readonly resourceId: string } {
  const [, patientId, resourceId] = CONSENT_ID.exec(consentId) ?? [];
  if (patientId === undefined || resourceId === undefined) throw new NodeError('NOT_FOUND', 'This is not the id of a consent.');
  return { patientId, resourceId };
}
