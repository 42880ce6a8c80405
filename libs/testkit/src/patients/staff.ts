import { FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STREETS, TOWNS } from './names.ts';
import { hl7Concept } from './concepts.ts';
import { SeededRandom } from './random.ts';
import type { BundleBuilder, EntryReference } from './bundle-builder.ts';
import type { GeneratedHospital } from './types.ts';

/** The directory resources of a hospital, as references into one bundle. */
export interface Staff {
  readonly organization: EntryReference;
  readonly practitioners: readonly EntryReference[];
}

const PRACTITIONERS_OF_A_HOSPITAL = 3;

/** Adds the hospital's Organization and Practitioners: the same, with the same ids, in every bundle of the same seed. */
export function addStaff(builder: BundleBuilder, seed: number, hospital: GeneratedHospital): Staff {
  const random = new SeededRandom(`staff ${seed} ${hospital.domain}`);
  const organization = builder.add(
    'Organization',
    {
      identifier: [{ system: 'https://identifiers.health.example/organization', value: random.digits(8) }],
      active: true,
      type: [hl7Concept('organization-type', 'prov', 'Healthcare Provider')],
      name: hospital.name,
      telecom: [{ system: 'url', value: `https://${hospital.domain}` }],
      address: [{ line: [`${random.integer(1, 90)} ${random.pick(STREETS)}`], city: random.pick(TOWNS), postalCode: random.digits(5) }],
    },
    { id: random.uuid(), display: hospital.name },
  );
  return { organization, practitioners: Array.from({ length: PRACTITIONERS_OF_A_HOSPITAL }, () => addPractitioner(builder, random)) };
}

function addPractitioner(builder: BundleBuilder, random: SeededRandom): EntryReference {
  const gender = random.pick(['female', 'male'] as const);
  const given = random.pick(gender === 'female' ? FEMALE_NAMES : MALE_NAMES);
  const family = random.pick(FAMILY_NAMES);
  return builder.add(
    'Practitioner',
    {
      identifier: [{ system: 'https://identifiers.health.example/practitioner', value: random.digits(9) }],
      active: true,
      name: [{ family, given: [given], prefix: ['Dr.'] }],
      gender,
    },
    { id: random.uuid(), display: `Dr. ${given} ${family}` },
  );
}
