import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import type { ResolvedDid } from './did-log.ts';
import { IdentityError } from './identity-error.ts';
import { MAX_DID_CHARACTERS, MAX_NETWORK_ID_CHARACTERS } from './limits.ts';
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
  networkId: z.string().min(1).max(MAX_NETWORK_ID_CHARACTERS),
  authority: z.string().max(MAX_DID_CHARACTERS),
  guardian: z.string().max(MAX_DID_CHARACTERS),
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
  const guardianPublicKey = Buffer.from(description.guardianPublicKey).toString('base64url');
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
    const guardianPublicKey = new Uint8Array(Buffer.from(description.guardianPublicKey, 'base64url'));
    if (description.authority !== authority.did || guardianPublicKey.length !== GUARDIAN_KEY_BYTES) throw new Error('Another authority, or no key.');
    return { ...description, guardianPublicKey };
  } catch (cause) {
    throw new IdentityError('NETWORK_DESCRIPTION_INVALID', 'The description of the network is not by its authority.', { cause });
  }
}
