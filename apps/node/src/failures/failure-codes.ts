/** Every code that a GraphQL failure or an HTTP error can carry: the closed list that clients switch over. */
export const FAILURE_CODES = [
  // Who asks
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'SIGN_IN_REFUSED',
  'SIGN_IN_LIMITED',
  // What was asked
  'INPUT_INVALID',
  'INPUT_TOO_LARGE',
  'METHOD_NOT_ALLOWED',
  'NOT_FOUND',
  'CONFLICT',
  'RATE_LIMITED',
  // Bundles and records
  'INVALID_BUNDLE',
  'BUNDLE_TOO_LARGE',
  'UNKNOWN_RESOURCE_TYPE',
  'UNKNOWN_PATIENT',
  'UNKNOWN_PATIENT_REFERENCE',
  'DUPLICATE_RESOURCE',
  'FHIR_ID_TAKEN',
  'CIPHERTEXT_TAMPERED',
  'RECORD_UNREADABLE',
  'AUDIT_CHAIN_BROKEN',
  // Consent
  'CONSENT_INVALID',
  // Other hospitals
  'HOSPITAL_UNKNOWN',
  'HOSPITAL_UNREACHABLE',
  'HOSPITAL_ANSWER_INVALID',
  'IDENTIFIER_INVALID',
  'LOCATION_EXPIRED',
  'LOOKUP_UNAVAILABLE',
  // Access requests
  'NOT_AVAILABLE',
  'REQUEST_INVALID',
  'REQUEST_REPLAYED',
  'REQUEST_EXPIRED',
  'REASON_INVALID',
  'WRONG_STATE',
  'GRANT_INVALID',
  'GRANT_EXPIRED',
  'TOO_MANY_RECORDS',
  // Admission to the network
  'APPLICATION_INVALID',
  'TICKET_INVALID',
  // The node
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];
