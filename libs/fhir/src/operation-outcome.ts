import type { FhirError } from './fhir-error.ts';
import type { FhirResource } from './types.ts';

/** The error as an OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html), fit to be sent to who sent the bundle. */
export function operationOutcome(error: FhirError): FhirResource {
  return {
    resourceType: 'OperationOutcome',
    issue: error.issues.map(({ severity, code, expression, diagnostics }) => ({ severity, code, diagnostics, expression: [expression] })),
  };
}
