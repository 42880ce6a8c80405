import { BundleBuilder } from './bundle-builder.ts';
import { inventPerson, LAST_YEAR, patientElements } from './person.ts';
import { plantCanaries } from './plant-canaries.ts';
import { SeededRandom } from './random.ts';
import { addStaff } from './staff.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import { addVisit } from './visit.ts';
import type { Person } from './person.ts';
import type { GeneratedHospital, GeneratedPatient, TransactionBundle } from './types.ts';

/** What to generate; `canary` gives the text that replaces the one at a path (`patients[0].bundles[1].entry[2].resource.name[0].family`). */
export interface GenerateOptions {
  readonly seed: number;
  readonly count: number;
  readonly hospitals: readonly GeneratedHospital[];
  readonly canary?: (path: string) => string;
}

const DAY = 86_400_000;

/** Most hospitals that one patient has been to. */
const MOST_HOSPITALS = 3;

/**
 * Writes the records of invented patients who were treated at two or three of the hospitals (at one where there is only
 * one). The same options give the same bytes.
 */
export function generatePatients({ seed, count, hospitals, canary }: GenerateOptions): GeneratedPatient[] {
  return Array.from({ length: count }, (_, index) => {
    const random = new SeededRandom(`patient ${seed} ${index}`);
    const person = inventPerson(random);
    const nationalId = canary === undefined ? person.nationalId : canary(`patients[${index}].nationalId`);
    const visited = random.sample([...hospitals.keys()], random.integer(2, MOST_HOSPITALS)).sort((left, right) => left - right);
    return {
      nationalId: { system: NATIONAL_IDENTIFIER_SYSTEM, value: nationalId },
      bundles: visited.map((hospital, visitedIndex) => {
        const bundle = recordAt(hospitals, hospital, { ...person, nationalId }, seed, random);
        if (canary !== undefined) plantCanaries(bundle, (path) => canary(`patients[${index}].bundles[${visitedIndex}].${path}`));
        return { hospital, bundle };
      }),
    };
  });
}

function recordAt(hospitals: readonly GeneratedHospital[], index: number, person: Person, seed: number, random: SeededRandom): TransactionBundle {
  const hospital = hospitals[index];
  if (hospital === undefined) throw new Error('There is no such hospital.');
  return writeRecord(person, hospital, seed, random, random.integer(1, 2));
}

/** The record of a person at one hospital, with so many visits in the last eight years. */
export function writeRecord(person: Person, hospital: GeneratedHospital, seed: number, random: SeededRandom, visits: number): TransactionBundle {
  const builder = new BundleBuilder(random);
  const staff = addStaff(builder, seed, hospital);
  const patient = builder.add(
    'Patient',
    { ...patientElements(person, hospital, random.digits(7)), managingOrganization: staff.organization },
    { display: `${person.given.join(' ')} ${person.family}` },
  );
  const days = Array.from({ length: visits }, () => random.integer(0, 8 * 365)).sort((left, right) => left - right);
  days.forEach((day, index) => {
    addVisit({ builder, random, person, hospital, staff, patient }, new Date(Date.UTC(LAST_YEAR - 8, 0, 1) + day * DAY), index === 0);
  });
  return builder.build();
}
