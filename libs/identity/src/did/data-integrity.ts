import { canonicalJsonBytes } from '@carecord/core';
import { ed25519PublicKey, sha256, signEd25519, verifyEd25519 } from '@carecord/crypto';
import { multibaseDecode } from 'didwebvh-ts';
import { z } from 'zod';
import { base58, didKeyOf, didKeyUrl, ed25519OfMultikey, MAX_MULTIKEY_CHARACTERS, multikeyOf } from './multikey.ts';

/** `did:key:z…#z…`: a Multikey twice. */
const MAX_METHOD_CHARACTERS = 2 * MAX_MULTIKEY_CHARACTERS + 16;
/** 64 bytes in base58btc are 88 characters. */
const MAX_PROOF_VALUE_CHARACTERS = 128;

/** Data Integrity EdDSA Cryptosuites 1.0, eddsa-jcs-2022, by a did:key: the one proof that did:webvh 1.0 knows. */
export const eddsaProofSchema = z.strictObject({
  id: z.string().max(128).optional(),
  type: z.literal('DataIntegrityProof'),
  cryptosuite: z.literal('eddsa-jcs-2022'),
  verificationMethod: z.string().max(MAX_METHOD_CHARACTERS).startsWith('did:key:z'),
  created: z.string().max(32).optional(),
  proofPurpose: z.literal('assertionMethod'),
  proofValue: z.string().max(MAX_PROOF_VALUE_CHARACTERS).startsWith('z'),
});
export type EddsaProof = z.infer<typeof eddsaProofSchema>;

/** What the JCS cryptosuites sign: hash of the proof's options, then hash of the document (Data Integrity EdDSA 1.0, section 3.3.4). */
export function integrityInput(document: unknown, options: unknown): Uint8Array {
  return new Uint8Array(Buffer.concat([sha256(canonicalJsonBytes(options)), sha256(canonicalJsonBytes(document))]));
}

/** Proves a document with an Ed25519 seed, the key named as a did:key. */
export function proveWithEd25519(document: unknown, seed: Uint8Array, created: string): EddsaProof {
  const did = didKeyOf(ed25519PublicKey(seed));
  const options = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    verificationMethod: didKeyUrl(did),
    created,
    proofPurpose: 'assertionMethod',
  } as const;
  return { ...options, proofValue: base58(signEd25519(seed, integrityInput(document, options))) };
}

/** The did:key that a proof says it is by. */
export function claimedProver({ verificationMethod }: EddsaProof): string {
  return verificationMethod.split('#')[0] ?? '';
}

/** The did:key whose proof over the document verifies, or undefined; never an error. */
export function provenBy(document: unknown, proof: EddsaProof): string | undefined {
  try {
    const { proofValue, ...options } = proof;
    const did = claimedProver(proof);
    if (![did, didKeyUrl(did)].includes(options.verificationMethod)) return undefined;
    const signature = multibaseDecode(proofValue).bytes;
    return verifyEd25519(ed25519OfMultikey(multikeyOf(did)), integrityInput(document, options), signature) ? did : undefined;
  } catch {
    return undefined;
  }
}
