/** Code systems and codes of FHIR R4 Consent that we read and write. */
export const ACT_REASON_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
export const ACT_CODE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
export const CONSENT_SCOPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentscope';
export const PARTICIPATION_TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
export const RESOURCE_TYPE_SYSTEM = 'http://hl7.org/fhir/resource-types';
/** The identifier system of a URI, a DID among them (RFC 3986). */
export const URI_IDENTIFIER_SYSTEM = 'urn:ietf:rfc:3986';
/** LOINC "Consent Document": the category of every consent that we write. */
export const CONSENT_CATEGORY = { system: 'http://loinc.org', code: '59284-0', display: 'Consent Document' } as const;
/** Base rules of a consent (v3 ActCode): everything is permitted, or nothing is, but for the exceptions. */
export const OPT_IN = 'OPTIN';
export const OPT_OUT = 'OPTOUT';
