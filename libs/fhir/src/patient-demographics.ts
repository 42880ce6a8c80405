import { isJsonObject, valuesAt } from './json.ts';
import type { FhirResource } from './types.ts';

/** A patient's administrative sex (https://hl7.org/fhir/R4/valueset-administrative-gender.html). */
export const ADMINISTRATIVE_SEXES = ['male', 'female', 'other', 'unknown'] as const;

/** Who a patient is without a number: one name, birth date and administrative sex. */
export interface Demographics {
  readonly family: string;
  /** The first given name. */
  readonly given: string;
  /** As FHIR has it: `YYYY-MM-DD`, or less where it is not known exactly. */
  readonly birthDate: string;
  readonly sex: (typeof ADMINISTRATIVE_SEXES)[number];
}

/** Uses of a name by which others may know the patient (R4 name-use), the likeliest first; a name that says none is an official one. */
const USES: readonly unknown[] = ['official', undefined, 'usual', 'maiden', 'old'];

/** The names of a Patient that have a family and a given name, with birth date and sex, the likeliest first; none where one of these is missing. */
export function patientDemographics(patient: FhirResource): Demographics[] {
  const { birthDate, gender } = patient;
  const sex = ADMINISTRATIVE_SEXES.find((one) => one === gender);
  if (typeof birthDate !== 'string' || sex === undefined) return [];
  const names = valuesAt(patient, 'name').filter(isJsonObject).filter(({ use }) => USES.includes(use));
  names.sort((one, other) => USES.indexOf(one['use']) - USES.indexOf(other['use']));
  return names.flatMap((name) => {
    const [given] = valuesAt(name, 'given');
    const { family } = name;
    return typeof family === 'string' && typeof given === 'string' ? [{ family, given, birthDate, sex }] : [];
  });
}
