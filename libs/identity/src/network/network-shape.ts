import { fromBase64Url } from '@carecord/core';
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

/** A ristretto255 element. */
const GUARDIAN_KEY_BYTES = 32;
const GUARDIAN_KEY_CHARACTERS = 43;

/** A removed hospital is believed for so long at the most where no newer list gets through. */
const MAX_STATUS_AGE_HOURS = 7 * 24;

/** What stands both in the operator's file and in the description that the authorities sign. */
export const networkShape = {
  networkId: networkIdSchema,
  threshold: z.int(),
  authorities: z.array(z.strictObject({ did: didSchema, url: webUrlSchema, witness: witnessSchema })).min(1).max(MAX_AUTHORITIES),
  guardian: didSchema,
  /** base64url */
  guardianPublicKey: z.base64url().length(GUARDIAN_KEY_CHARACTERS),
  epoch: z.int().nonnegative(),
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
  if (fromBase64Url(network.guardianPublicKey).length !== GUARDIAN_KEY_BYTES) return `The guardian's public key must have ${GUARDIAN_KEY_BYTES} bytes.`;
  return undefined;
}

function repeatedOf(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}
