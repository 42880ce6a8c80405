import { CLINICAL_DATE_ELEMENTS } from './clinical-date-table.ts';
import { valuesAt } from './json.ts';
import type { FhirResource } from './types.ts';

/**
 * When what the resource tells happened, as a FHIR date, dateTime or instant just as it stands there: it may be a year
 * alone and has any time zone, so dates are compared with {@link clinicalInstant}, not as texts.
 */
export function clinicalDate(resource: FhirResource): string | undefined {
  for (const element of CLINICAL_DATE_ELEMENTS[resource.resourceType] ?? []) {
    const date = valuesAt(resource, element).find((value) => typeof value === 'string');
    if (date !== undefined) return date;
  }
  return undefined;
}

/** The first instant of a FHIR date (`2024`, `2024-05`, a dateTime with zone), in milliseconds, UTC where it has no zone. */
export function clinicalInstant(date: string): number {
  return Date.parse(date);
}
