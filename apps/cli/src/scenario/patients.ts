import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { generatePatients } from '@carecord/testkit';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { scenarioHospitals } from '../network/demo-hospitals.ts';

/** An identifier that a person has outside one hospital too. */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
}

/** A bundle that one hospital admits. */
export interface Admission {
  /** Index of the hospital. */
  readonly hospital: number;
  readonly bundle: unknown;
  readonly listing: 'LISTED' | 'UNLISTED';
}

/** Who is admitted where, and the two patients of hospital A whom the scenario is about. */
export interface PatientPlan {
  /** Changes whenever the patients do: a second start with the same patients admits nobody again. */
  readonly digest: string;
  readonly patients: number;
  readonly admissions: readonly Admission[];
  /** Treated at A, listed: B may find this patient. */
  readonly listed: PatientIdentifier;
  /** Treated at A, not listed and without a consent. */
  readonly unlisted: PatientIdentifier;
  /** Whether the patients are invented: the identifiers of others are not printed. */
  readonly invented: boolean;
}

/** Enough for a lively timeline at each hospital, few enough for a start within a minute. */
const GENERATED_PATIENTS = 12;
/** The generated patients are the same at every start. */
const SEED = 20_261_121;
/** The codes of identifiers that mean something at one hospital alone (HL7 table 0203). */
const LOCAL_IDENTIFIER_TYPES = ['MR', 'MRT', 'PI'];

/** Patients of our own making, who were treated at several of the hospitals. */
export function generatedPlan(): PatientPlan {
  const generated = generatePatients({ seed: SEED, count: GENERATED_PATIENTS, hospitals: scenarioHospitals.map(({ name, domain }) => ({ name, domain })) });
  const atFirstHospital = generated.filter((patient) => patient.bundles.some((visit) => visit.hospital === 0));
  const [listed, unlisted] = atFirstHospital;
  if (listed === undefined || unlisted === undefined) throw new CliError('BUNDLES_UNUSABLE', 'The generator made too few patients for the first hospital.');
  return {
    digest: `generated-${SEED}-${GENERATED_PATIENTS}`,
    patients: generated.length,
    admissions: generated.flatMap((patient) =>
      patient.bundles.map((visit) => ({ ...visit, listing: patient === unlisted ? ('UNLISTED' as const) : ('LISTED' as const) })),
    ),
    listed: listed.nationalId,
    unlisted: unlisted.nationalId,
    invented: true,
  };
}

const identifierSchema = z.object({
  system: z.string(),
  value: z.string(),
  type: z.object({ coding: z.array(z.object({ code: z.string().optional() })).default([]) }).optional(),
});
const bundleSchema = z.looseObject({
  resourceType: z.literal('Bundle'),
  entry: z.array(z.looseObject({ resource: z.looseObject({ resourceType: z.string(), identifier: z.unknown().optional() }) })),
});

/**
 * The FHIR R4 transaction bundles of a folder: the first two patients go to hospital A, the others to B, C, A in turn;
 * bundles without a patient (hospital and practitioner directories) go to all three.
 * @throws CliError `BUNDLES_UNUSABLE` with the file's number in the folder, never its name: names of files may be personal
 */
export async function planFromDirectory(directory: string): Promise<PatientPlan> {
  const files = await jsonFiles(directory);
  const digest = createHash('sha256');
  const admissions: Admission[] = [];
  const identifiers: PatientIdentifier[] = [];
  for (const [index, file] of files.entries()) {
    const text = await readFile(join(directory, file), 'utf8');
    digest.update(text);
    const bundle = parseBundle(text, index);
    const patient = bundle.entry.find((entry) => entry.resource.resourceType === 'Patient');
    if (patient === undefined) {
      admissions.unshift(...scenarioHospitals.map((_, hospital) => ({ hospital, bundle, listing: 'LISTED' as const })));
      continue;
    }
    const position = identifiers.length;
    identifiers.push(travellingIdentifier(patient.resource.identifier, index));
    admissions.push({ hospital: position < 2 ? 0 : (position - 1) % scenarioHospitals.length, bundle, listing: position === 1 ? 'UNLISTED' : 'LISTED' });
  }
  const [listed, unlisted] = identifiers;
  if (listed === undefined || unlisted === undefined) {
    throw new CliError('BUNDLES_UNUSABLE', 'The scenario needs bundles of at least two patients in the folder.');
  }
  return { digest: digest.digest('hex'), patients: identifiers.length, admissions, listed, unlisted, invented: false };
}

async function jsonFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((file) => file.endsWith('.json')).sort();
  } catch (cause) {
    throw new CliError('BUNDLES_UNUSABLE', 'The folder of bundles does not exist or cannot be read: check what --bundles names.', { cause });
  }
}

function parseBundle(text: string, index: number): z.infer<typeof bundleSchema> {
  try {
    return bundleSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError('BUNDLES_UNUSABLE', `File ${index + 1} of the folder, in alphabetical order, is not a FHIR bundle.`, { cause });
  }
}

function travellingIdentifier(value: unknown, index: number): PatientIdentifier {
  const candidates = z.array(z.unknown()).catch([]).parse(value);
  for (const candidate of candidates) {
    const parsed = identifierSchema.safeParse(candidate);
    if (!parsed.success) continue;
    const types = parsed.data.type?.coding.map((coding) => coding.code ?? '') ?? [];
    if (!types.some((type) => LOCAL_IDENTIFIER_TYPES.includes(type))) return { system: parsed.data.system, value: parsed.data.value };
  }
  throw new CliError('BUNDLES_UNUSABLE', `The patient in file ${index + 1} of the folder has no identifier that other hospitals could know.`);
}
