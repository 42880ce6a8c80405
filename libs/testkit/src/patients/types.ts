import type { FhirResource } from '@carecord/fhir';

/** A hospital of the invented country: its name and the domain of its identifier systems. */
export interface GeneratedHospital {
  readonly name: string;
  readonly domain: string;
}

/** A business identifier as in FHIR's Identifier. */
export interface NationalIdentifier {
  readonly system: string;
  readonly value: string;
}

/** A FHIR R4 transaction in which every resource has an id and is named by a `urn:uuid:` fullUrl, as Synthea writes them. */
export interface TransactionBundle {
  resourceType: 'Bundle';
  type: 'transaction';
  entry: { fullUrl: string; resource: FhirResource & { id: string }; request: { method: 'POST'; url: string } }[];
}

/** One patient as the hospitals know them: the same person and national identifier, a record of their own each. */
export interface GeneratedPatient {
  readonly nationalId: NationalIdentifier;
  /** One bundle for each hospital visited; `hospital` is its index in what was given. */
  readonly bundles: { readonly hospital: number; readonly bundle: TransactionBundle }[];
}

/** The identifier system that all hospitals of the invented country share. */
export const NATIONAL_IDENTIFIER_SYSTEM = 'https://identifiers.health.example/national';
