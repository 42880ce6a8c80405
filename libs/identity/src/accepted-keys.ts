import { sha256, verifyJws, verifyWithContext } from '@carecord/crypto';
import type { HybridSignature, SigningPublicKeys } from '@carecord/crypto';
import { MAX_PREVIOUS_SIGNING_KEYS } from './did/did-document.ts';

/** A document of ours lists the present pair of signing keys and those before it. */
const MAX_ACCEPTED_SIGNING_KEYS = MAX_PREVIOUS_SIGNING_KEYS + 1;

/** A verified payload, and by which of the accepted keys. */
export interface VerifiedPayload {
  readonly payload: Uint8Array;
  readonly signedBy: SigningPublicKeys;
}

/**
 * Verifies a General JWS with any one pair of a DID's accepted keys (`ResolvedDid.acceptedSigning`): after a planned rotation
 * what was signed before it still stands. Both signatures must be by the same pair.
 * @throws CryptoError `JWS_INVALID`
 */
export async function verifyJwsWithAnyKey(keys: readonly SigningPublicKeys[], type: string, jws: unknown): Promise<VerifiedPayload> {
  return await withAnyKey(keys, async (signedBy) => ({ payload: await verifyJws(jws, type, signedBy), signedBy }));
}

/**
 * Checks both signatures of `signWithContext` with any one pair of a DID's accepted keys.
 * @throws CryptoError `SIGNATURE_INVALID`
 */
export async function verifyWithAnyKey(keys: readonly SigningPublicKeys[], context: string, message: Uint8Array, signature: HybridSignature): Promise<void> {
  await withAnyKey(keys, (pair) => {
    verifyWithContext(pair, context, message, signature);
    return Promise.resolve();
  });
}

const fingerprints = new WeakMap<SigningPublicKeys, string>();

/** Names a pair of keys: the hash of both. */
export function signingKeysFingerprint(keys: SigningPublicKeys): string {
  const known = fingerprints.get(keys) ?? Buffer.from(sha256(Buffer.concat([keys.ed25519, keys.mlDsa65]))).toString('base64url');
  fingerprints.set(keys, known);
  return known;
}

async function withAnyKey<Result>(keys: readonly SigningPublicKeys[], verify: (pair: SigningPublicKeys) => Promise<Result>): Promise<Result> {
  let refusal: unknown = new Error('A DID without signing keys signs nothing.');
  for (const pair of keys.slice(0, MAX_ACCEPTED_SIGNING_KEYS)) {
    try {
      return await verify(pair);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}
