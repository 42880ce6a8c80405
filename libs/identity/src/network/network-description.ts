import { fromBase64Url } from '@carecord/core';
import { generalJwsSchema } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import type { ResolvedDid } from '../did/did-history.ts';
import { IdentityError } from '../identity-error.ts';
import { MAX_CREDENTIALS } from '../membership/membership.ts';
import { openStatement, readStatement, signStatement } from '../statement.ts';
import { networkShape, networkMistake } from './network-shape.ts';
import type { GuardianSet, NetworkAuthority } from './network-shape.ts';
import { findAuthority } from './network-trust.ts';
import type { NetworkTrust } from './network-trust.ts';

/** What a hospital must know of its network. */
export interface NetworkDescription {
  readonly networkId: string;
  /** Rises with each change: of two descriptions the higher one holds. */
  readonly sequence: number;
  readonly authorities: readonly NetworkAuthority[];
  /** So many authorities must admit a member, and sign this description. */
  readonly threshold: number;
  /** The members that evaluate blinded look-ups together. */
  readonly guardians: GuardianSet;
  /** Those before them, from whom they take the key over. */
  readonly formerGuardians?: GuardianSet | undefined;
  /** The newest guardian key; pointers of one epoch are not found in another. */
  readonly epoch: number;
  /** A status list that is older says nothing any more. */
  readonly statusMaxAgeHours: number;
  /** So many of the authorities must witness each version of a hospital's DID; 0: none. */
  readonly witnessThreshold: number;
}

const TYPE = 'carecord-network+jws';

/** At most 16 authorities of about 1 KiB; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = 64 * 1024;

const descriptionSchema = z
  .strictObject(networkShape)
  .superRefine((network, context) => {
    const mistake = networkMistake(network);
    if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
  });

/**
 * Signs a network description with one authority's keys; {@link verifyNetworkDescription} takes those of several together.
 * @throws IdentityError `NETWORK_DESCRIPTION_INVALID` when it does not describe a network, with a sentence that says why
 */
export async function issueNetworkDescription(options: {
  readonly issuer: ResolvedDid;
  readonly signer: HybridSigner;
  readonly description: NetworkDescription;
}): Promise<GeneralJws> {
  const { issuer, signer, description } = options;
  const content = { ...description, authorities: [...description.authorities] };
  const mistake = networkMistake(content);
  if (mistake !== undefined) throw new IdentityError('NETWORK_DESCRIPTION_INVALID', mistake);
  return await signStatement(descriptionSchema, TYPE, { signingKeyIds: issuer.signingKeyIds, signer }, content);
}

/**
 * Verifies a network description: the same payload, signed by at least as many of the trusted authorities as the network demands.
 * @param statements one JWS an authority; anything: it is parsed by a schema first
 * @param known the description that one has: an older one is refused
 * @throws IdentityError `NETWORK_DESCRIPTION_INVALID`, `NETWORK_DESCRIPTION_OLDER`
 */
export async function verifyNetworkDescription(
  statements: unknown,
  trust: NetworkTrust,
  known?: Pick<NetworkDescription, 'sequence'>,
): Promise<NetworkDescription> {
  const description = await openTogether(statements, trust);
  if (description.networkId !== trust.networkId) throw descriptionInvalid(new Error('It is of another network.'));
  if (known !== undefined && description.sequence < known.sequence) {
    throw new IdentityError('NETWORK_DESCRIPTION_OLDER', 'A newer description of the network is known.');
  }
  return description;
}

/** What enough of them say alike; while they come to another description one after the other, the newest of these. */
async function openTogether(statements: unknown, trust: NetworkTrust): Promise<NetworkDescription> {
  try {
    const list = z.array(generalJwsSchema).min(1).max(MAX_CREDENTIALS).parse(statements);
    const agreed: NetworkDescription[] = [];
    for (const payload of new Set(list.map((jws) => jws.payload))) {
      const alike = list.filter((jws) => jws.payload === payload);
      const signers = await signersOf(alike, trust);
      if (signers.size >= Math.max(1, trust.threshold)) agreed.push(readStatement(descriptionSchema, alike[0], MAX_PAYLOAD_CHARACTERS).statement);
    }
    const [newest] = agreed.sort((one, other) => other.sequence - one.sequence);
    if (newest === undefined) throw new Error('Too few authorities have signed the same.');
    return newest;
  } catch (cause) {
    throw descriptionInvalid(cause);
  }
}

/** The trusted authorities whose signatures verify; the others are passed over. */
async function signersOf(list: readonly GeneralJws[], trust: NetworkTrust): Promise<ReadonlySet<string>> {
  const signers = new Set<string>();
  for (const jws of list) {
    const authority = findAuthority(trust, issuerDid(jws));
    if (authority === undefined || signers.has(authority.did) || jws.payload.length > MAX_PAYLOAD_CHARACTERS) continue;
    const verified = await openStatement(descriptionSchema, TYPE, authority.acceptedSigning, jws).catch(() => undefined);
    if (verified !== undefined) signers.add(authority.did);
  }
  return signers;
}

/** By whom a JWS claims to be: the payload is the same for all authorities, so only the name of the key tells. */
function issuerDid(jws: GeneralJws): string {
  const header = z.looseObject({ kid: z.string() }).parse(JSON.parse(Buffer.from(fromBase64Url(jws.signatures[0]?.protected ?? '')).toString('utf8')));
  return header.kid.split('#')[0] ?? '';
}

function descriptionInvalid(cause: unknown): IdentityError {
  return new IdentityError('NETWORK_DESCRIPTION_INVALID', 'The description of the network is not by enough of its authorities.', { cause });
}
