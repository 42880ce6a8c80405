/** A FHIR R4 resource in its JSON form (https://hl7.org/fhir/R4/json.html); elements are read through the tables of this lib. */
export interface FhirResource {
  resourceType: string;
  id?: string;
  meta?: FhirMeta;
  [element: string]: unknown;
}

/** `Resource.meta` (https://hl7.org/fhir/R4/resource.html#Meta), as far as we set or read it. */
export interface FhirMeta {
  versionId?: string;
  lastUpdated?: string;
  [element: string]: unknown;
}

/** Whose key seals a resource: one patient's (by FHIR logical id), or the hospital's directory key. */
export type ResourceOwner = { readonly kind: 'patient'; readonly patientId: string } | { readonly kind: 'directory' };

/** A resource that was found valid and may be sealed as it stands. */
export interface PreparedResource {
  /** `id` is always set; references to other entries of the bundle are `Type/id`. */
  readonly resource: FhirResource & { id: string };
  readonly owner: ResourceOwner;
  /** The directory resources that it refers to, as `Type/id`, each once, in the order of their appearance. */
  readonly directoryReferences: string[];
  /** See `clinicalDate`. */
  readonly clinicalDate?: string;
}

/** A business identifier of a patient; `type` is its code in HL7 table 0203 (`MR`, `NI`, ...). */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
  readonly type?: string;
}

/** The issue types of https://hl7.org/fhir/R4/valueset-issue-type.html that we use. */
export type FhirIssueCode =
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'code-invalid'
  | 'not-supported'
  | 'duplicate'
  | 'not-found'
  | 'business-rule'
  | 'too-costly';

/** One thing wrong with a bundle. Neither text holds a value of the bundle. */
export interface FhirIssue {
  readonly severity: 'error';
  readonly code: FhirIssueCode;
  /** Where, as FHIRPath: `Bundle.entry[3].resource.status`. */
  readonly expression: string;
  /** What is wrong, in a sentence. */
  readonly diagnostics: string;
}
