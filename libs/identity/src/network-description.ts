import { fromBase64Url, toBase64Url } from '@carecord/core';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import type { ResolvedDid } from './did-log.ts';
import { IdentityError } from './identity-error.ts';
import { didSchema, networkIdSchema } from './schemas.ts';
import { openStatement, signStatement } from './statement.ts';

/** What a hospital must know of its network. */
export interface NetworkDescription {
  readonly networkId: string;
  /** The DID that admits members. */
  readonly authority: string;
  /** The DID that evaluates blinded lookups. */
  readonly guardian: string;
  /** The guardian's OPRF public key (ristretto255, 32 bytes). */
  readonly guardianPublicKey: Uint8Array;
  /** Pointers of one epoch are not found in another. */
  readonly epoch: number;
}

const TYPE = 'carecord-network+jws';
const GUARDIAN_KEY_BYTES = 32;

const descriptionSchema = z.strictObject({
  networkId: networkIdSchema,
  authority: didSchema,
  guardian: didSchema,
  /** base64url */
  guardianPublicKey: z.base64url().length(43),
  epoch: z.int().nonnegative(),
});

/** Signs a network description with the authority's keys. */
export function issueNetworkDescription(options: {
  readonly issuer: ResolvedDid;
  readonly signer: HybridSigner;
  readonly description: NetworkDescription;
}): Promise<GeneralJws> {
  const { issuer, signer, description } = options;
  const guardianPublicKey = toBase64Url(description.guardianPublicKey);
  return signStatement(descriptionSchema, TYPE, { resolved: issuer, signer }, { ...description, guardianPublicKey });
}

/**
 * Verifies a network description: both signatures of the authority, which it must name.
 * @param jws anything: it is parsed by a schema first
 * @throws IdentityError `NETWORK_DESCRIPTION_INVALID`
 */
export async function verifyNetworkDescription(jws: unknown, authority: ResolvedDid): Promise<NetworkDescription> {
  try {
    const description = await openStatement(descriptionSchema, TYPE, authority.signing, jws);
    const guardianPublicKey = fromBase64Url(description.guardianPublicKey);
    if (description.authority !== authority.did || guardianPublicKey.length !== GUARDIAN_KEY_BYTES) throw new Error('Another authority, or no key.');
    return { ...description, guardianPublicKey };
  } catch (cause) {
    throw new IdentityError('NETWORK_DESCRIPTION_INVALID', 'The description of the network is not by its authority.', { cause });
  }
}
