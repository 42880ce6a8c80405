import { writeRecord } from './generate-patients.ts';
import { inventPerson } from './person.ts';
import { SeededRandom } from './random.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import type { GeneratedHospital, NationalIdentifier, TransactionBundle } from './types.ts';

/** Fewer than any visit writes. */
const LEAST_RESOURCES_OF_A_VISIT = 10;

/** Types of the hospital's directory: in the bundle, but not part of the patient's record. */
const DIRECTORY: ReadonlySet<string> = new Set(['Organization', 'Practitioner']);

/**
 * A patient with exactly so many resources, the Patient among them, for measurements. The bundle also holds the
 * hospital's directory (one Organization, three Practitioners), which they refer to.
 * @param resources at least 1
 */
export function patientOfSize(
  resources: number,
  options: { readonly seed?: number; readonly hospital?: GeneratedHospital } = {},
): { nationalId: NationalIdentifier; bundle: TransactionBundle } {
  const { seed = 1, hospital = { name: 'Measured Hospital', domain: 'measured.hospital.example' } } = options;
  const random = new SeededRandom(`size ${seed} ${resources}`);
  const person = inventPerson(random);
  const record = writeRecord(person, hospital, seed, random, Math.ceil(resources / LEAST_RESOURCES_OF_A_VISIT));
  const directory = record.entry.filter(({ resource }) => DIRECTORY.has(resource.resourceType));
  const own = record.entry.filter(({ resource }) => !DIRECTORY.has(resource.resourceType)).slice(0, resources);
  return { nationalId: { system: NATIONAL_IDENTIFIER_SYSTEM, value: person.nationalId }, bundle: { ...record, entry: [...directory, ...own] } };
}
