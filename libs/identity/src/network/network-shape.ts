import { z } from 'zod';
import { didSchema, networkIdSchema, webUrlSchema, witnessSchema } from '../schemas.ts';

/** An authority of a network. */
export interface NetworkAuthority {
  readonly did: string;
  /** Where it answers over HTTP: applications, status list, DID history. */
  readonly url: string;
  /** The `did:key` with which it witnesses the versions of hospitals' DIDs. */
  readonly witness: string;
}

/** More than any network needs, and a bound for what a stranger's credentials can cost us. */
export const MAX_AUTHORITIES = 16;

/** Who guards the key of the blinded look-up together. */
export interface GuardianSet {
  /** DIDs of members; none while nobody was appointed. */
  readonly members: readonly string[];
  /** So many of them evaluate a look-up; fewer learn nothing and can do nothing. */
  readonly threshold: number;
}

/** All of them make a key together, and a threshold of them is asked for each look-up. */
export const MAX_GUARDIANS = 16;

/** Keys are numbered by epochs; more than anybody lives to see, and it fits into every store. */
const MAX_EPOCH = 1_000_000;

const guardianSet = z.strictObject({ members: z.array(didSchema).max(MAX_GUARDIANS).readonly(), threshold: z.int() });

/** Who guards from when on: a part of the description, which rises as a whole. */
export const guardianShape = {
  /** Rises with each change: of two descriptions the higher one holds. */
  sequence: z.int().nonnegative(),
  guardians: guardianSet,
  /** Those before: from them the others take the key over. */
  formerGuardians: guardianSet.optional(),
  epoch: z.int().min(1).max(MAX_EPOCH),
};

/** A removed hospital is believed for so long at the most where no newer list gets through. */
const MAX_STATUS_AGE_HOURS = 7 * 24;

/** What stands both in the operator's file and in the description that the authorities sign. */
export const networkShape = {
  networkId: networkIdSchema,
  threshold: z.int(),
  authorities: z.array(z.strictObject({ did: didSchema, url: webUrlSchema, witness: witnessSchema })).min(1).max(MAX_AUTHORITIES),
  ...guardianShape,
  statusMaxAgeHours: z.number().positive(),
  witnessThreshold: z.int(),
};

type Network = z.infer<z.ZodObject<typeof networkShape>>;

/** What a schema cannot say of one member alone: a sentence for the operator, or undefined when all is well. */
export function networkMistake(network: Network): string | undefined {
  const { threshold, authorities, statusMaxAgeHours, witnessThreshold } = network;
  const repeated = repeatedOf(authorities.map(({ did }) => did));
  const repeatedWitness = repeatedOf(authorities.map(({ witness }) => witness));
  if (threshold < 1) return 'The threshold must be at least 1: otherwise nobody would have to admit a hospital.';
  if (threshold > authorities.length) return `The threshold (${threshold}) is larger than the number of authorities (${authorities.length}): no hospital could ever be admitted.`;
  if (repeated !== undefined) return `The authority ${repeated} is listed twice: it would count as two.`;
  if (repeatedWitness !== undefined) return `Two authorities have the same witness key, ${repeatedWitness}.`;
  if (witnessThreshold < 0) return 'The witness threshold must be 0 (no witnesses) or more.';
  if (witnessThreshold > authorities.length) return `The witness threshold (${witnessThreshold}) is larger than the number of authorities (${authorities.length}).`;
  if (statusMaxAgeHours > MAX_STATUS_AGE_HOURS) return `Status lists may be at most ${MAX_STATUS_AGE_HOURS} hours old: for so long a removed hospital could go unnoticed.`;
  return guardianMistake(network.guardians) ?? (network.formerGuardians && guardianMistake(network.formerGuardians));
}

/** What is wrong with a set of guardians: a sentence for the operator, or undefined when all is well. */
export function guardianMistake({ members, threshold }: GuardianSet): string | undefined {
  const repeated = repeatedOf(members);
  if (repeated !== undefined) return `The guardian ${repeated} is listed twice: it would count as two.`;
  if (threshold < 1) return 'The guardian threshold must be at least 1.';
  if (members.length === 0) return undefined;
  if (threshold > members.length) return `The guardian threshold (${threshold}) is larger than the number of guardians (${members.length}): nothing could ever be looked up.`;
  if (threshold === 1 && members.length > 1) return 'A guardian threshold of 1 needs a single guardian: with more, each of them alone would have the whole key.';
  return undefined;
}

function repeatedOf(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}
