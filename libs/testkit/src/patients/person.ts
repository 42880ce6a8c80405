import { hl7Concept } from './concepts.ts';
import { FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STREETS, TOWNS } from './names.ts';
import { ACUTE_CONDITIONS, ALLERGIES, CHRONIC_CONDITIONS } from './clinical-codes.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import type { ChronicCondition } from './clinical-codes.ts';
import type { SeededRandom } from './random.ts';
import type { GeneratedHospital } from './types.ts';

/** Who a patient is and how healthy, the same at every hospital. */
export interface Person {
  readonly gender: 'female' | 'male';
  readonly given: string[];
  readonly family: string;
  readonly birthDate: string;
  readonly line: string;
  readonly city: string;
  readonly postalCode: string;
  readonly phone: string;
  readonly email: string;
  readonly nationalId: string;
  readonly contact: { readonly name: string; readonly phone: string };
  readonly heightInCentimetres: number;
  readonly weightInKilograms: number;
  readonly chronic: readonly ChronicCondition[];
  readonly acute: (typeof ACUTE_CONDITIONS)[number];
  readonly allergies: readonly (typeof ALLERGIES)[number][];
}

/** The year in which generated records end: fixed, so that a seed gives the same data next year. */
export const LAST_YEAR = 2026;

/** Invents a person. */
export function inventPerson(random: SeededRandom): Person {
  const gender = random.pick(['female', 'male'] as const);
  const given = random.sample(gender === 'female' ? FEMALE_NAMES : MALE_NAMES, random.integer(1, 2));
  const family = random.pick(FAMILY_NAMES);
  const age = random.integer(19, 88);
  const height = gender === 'female' ? random.integer(152, 180) : random.integer(163, 195);
  return {
    gender,
    given,
    family,
    birthDate: `${LAST_YEAR - age}-${twoDigits(random.integer(1, 12))}-${twoDigits(random.integer(1, 28))}`,
    line: `${random.integer(1, 140)} ${random.pick(STREETS)}`,
    city: random.pick(TOWNS),
    postalCode: random.digits(5),
    phone: inventPhone(random),
    email: `${given[0]?.toLowerCase() ?? 'mail'}.${random.digits(4)}@mail.example`,
    nationalId: random.digits(11),
    contact: { name: `${random.pick(random.chance(0.5) ? FEMALE_NAMES : MALE_NAMES)} ${family}`, phone: inventPhone(random) },
    heightInCentimetres: height,
    weightInKilograms: random.decimal(20.5, 33, 1) * (height / 100) ** 2,
    chronic: CHRONIC_CONDITIONS.filter(({ fromAge, probability }) => age >= fromAge && random.chance(probability)),
    acute: random.pick(ACUTE_CONDITIONS),
    allergies: random.sample(ALLERGIES, random.integer(0, 2)),
  };
}

/** The person as one hospital's Patient: the national identifier and the hospital's own record number (MR). */
export function patientElements(person: Person, hospital: GeneratedHospital, recordNumber: string): Record<string, unknown> {
  const name = `${person.given.join(' ')} ${person.family}`;
  return {
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${name}, born ${person.birthDate}</div>` },
    identifier: [
      { use: 'official', type: hl7Concept('v2-0203', 'NI', 'National unique individual identifier'), system: NATIONAL_IDENTIFIER_SYSTEM, value: person.nationalId },
      { use: 'usual', type: hl7Concept('v2-0203', 'MR', 'Medical record number'), system: `https://${hospital.domain}/record-number`, value: recordNumber },
    ],
    active: true,
    name: [{ use: 'official', text: name, family: person.family, given: person.given }],
    telecom: [
      { system: 'phone', value: person.phone, use: 'mobile' },
      { system: 'email', value: person.email },
    ],
    gender: person.gender,
    birthDate: person.birthDate,
    address: [{ use: 'home', line: [person.line], city: person.city, postalCode: person.postalCode }],
    contact: [{ relationship: [hl7Concept('v2-0131', 'C', 'Emergency Contact')], name: { text: person.contact.name }, telecom: [{ system: 'phone', value: person.contact.phone }] }],
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en' }] }, preferred: true }],
  };
}

/** Two decimal digits, as dates have them. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function inventPhone(random: SeededRandom): string {
  return `+999 ${random.digits(3)} ${random.digits(6)}`;
}
