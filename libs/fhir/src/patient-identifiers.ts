import { isJsonObject, valuesAt } from './json.ts';
import type { FhirResource, PatientIdentifier } from './types.ts';

/** HL7 table 0203, identifier types: its URL in R4, and the one that older senders still use. */
const IDENTIFIER_TYPE_SYSTEMS: ReadonlySet<unknown> = new Set(['http://terminology.hl7.org/CodeSystem/v2-0203', 'http://hl7.org/fhir/v2/0203']);

/** The business identifiers of a Patient that have both a system and a value: those that name the patient to others. */
export function patientIdentifiers(patient: FhirResource): PatientIdentifier[] {
  return valuesAt(patient, 'identifier').flatMap((identifier) => {
    if (!isJsonObject(identifier)) return [];
    const { system, value } = identifier;
    if (typeof system !== 'string' || typeof value !== 'string') return [];
    const type = identifierType(identifier);
    return type === undefined ? { system, value } : { system, value, type };
  });
}

function identifierType(identifier: unknown): string | undefined {
  for (const coding of valuesAt(identifier, 'type.coding')) {
    if (isJsonObject(coding) && IDENTIFIER_TYPE_SYSTEMS.has(coding['system']) && typeof coding['code'] === 'string') return coding['code'];
  }
  return undefined;
}
