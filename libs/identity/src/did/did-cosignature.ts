import { fromBase64Url, toBase64Url } from '@carecord/core';
import { mlDsa65Signer, verifyMlDsa65 } from '@carecord/crypto';
import { z } from 'zod';
import { IdentityError } from '../identity-error.ts';
import { integrityInput } from './data-integrity.ts';
import type { CosignedEntry, DidEntry } from './did-entries.ts';
import { keyHash, ML_DSA_65_MULTICODEC, mlDsa65Multikey, multikeyOf } from './multikey.ts';

/** Data Integrity with ML-DSA-65 over JCS hashes. The name is ours: no such cryptosuite is registered yet. */
export const COSIGNATURE_SUITE = 'carecord-mldsa65-jcs-2026';

const METHOD = /^did:key:u[A-Za-z0-9_-]+$/;
/** 1954 bytes in base64url, and `did:key:u`. */
const MAX_METHOD_CHARACTERS = 2700;
/** 3309 bytes in base64url, and `u`. */
const MAX_PROOF_VALUE_CHARACTERS = 4500;

/** Our cosignature, shaped as a Data Integrity proof by a did:key. */
export const cosignatureSchema = z.strictObject({
  type: z.literal('DataIntegrityProof'),
  cryptosuite: z.literal(COSIGNATURE_SUITE),
  verificationMethod: z.string().max(MAX_METHOD_CHARACTERS).regex(METHOD),
  created: z.string().max(32),
  proofPurpose: z.literal('assertionMethod'),
  proofValue: z.string().max(MAX_PROOF_VALUE_CHARACTERS).regex(/^u[A-Za-z0-9_-]+$/),
});
export type Cosignature = z.infer<typeof cosignatureSchema>;

/** The member of a DID document that commits cosigning keys; the entry's hash covers it, and so the next entries' chain. */
export const COSIGNING_MEMBER = 'carecordCosigning';

const hash = z.string().max(64);
const commitmentSchema = z.strictObject({ key: hash, nextKey: hash });
/** Hashes, as did:webvh makes those of its next keys, of the key that cosigns this version and of the one that will cosign the next. */
export type CosigningCommitment = z.infer<typeof commitmentSchema>;

/** What a version's document commits. @param seeds ML-DSA-65 seeds of 32 bytes */
export function cosigningCommitment(seeds: { readonly cosigning: Uint8Array; readonly nextCosigning: Uint8Array }): CosigningCommitment {
  return { key: keyHash(cosigningKey(seeds.cosigning)), nextKey: keyHash(cosigningKey(seeds.nextCosigning)) };
}

/** Cosigns an entry: everything in it but the proofs. @param seed ML-DSA-65 seed of 32 bytes */
export async function cosign(entry: DidEntry, seed: Uint8Array): Promise<Cosignature> {
  const options = {
    type: 'DataIntegrityProof',
    cryptosuite: COSIGNATURE_SUITE,
    verificationMethod: `did:key:${cosigningKey(seed)}`,
    created: entry.versionTime,
    proofPurpose: 'assertionMethod',
  } as const;
  return { ...options, proofValue: `u${toBase64Url(await mlDsa65Signer(seed).sign(integrityInput(unproven(entry), options)))}` };
}

/**
 * Checks that every entry is cosigned by the key that the entry before it committed, the first by the one that it commits itself.
 * @throws IdentityError `DID_COSIGNATURE_MISSING`, `DID_COSIGNATURE_INVALID`
 */
export function verifyCosignatures(cosigned: readonly CosignedEntry[]): void {
  let due: string | undefined;
  for (const { entry, cosignature } of cosigned) {
    const commitment = commitmentSchema.safeParse(entry.state[COSIGNING_MEMBER]).data;
    if (cosignature === undefined || commitment === undefined) {
      throw new IdentityError('DID_COSIGNATURE_MISSING', "A version of a DID's history is not cosigned, or commits no keys to cosign with.");
    }
    const { key, nextKey } = commitment;
    if (key === nextKey || (due !== undefined && key !== due) || !verifies(entry, cosignature, key)) {
      throw new IdentityError('DID_COSIGNATURE_INVALID', "A version of a DID's history is not cosigned by the key that was committed for it.");
    }
    due = nextKey;
  }
}

function verifies(entry: DidEntry, { proofValue, ...options }: Cosignature, committed: string): boolean {
  const multikey = multikeyOf(options.verificationMethod);
  if (keyHash(multikey) !== committed) return false;
  const bytes = fromBase64Url(multikey.slice(1));
  if (bytes[0] !== ML_DSA_65_MULTICODEC[0] || bytes[1] !== ML_DSA_65_MULTICODEC[1]) return false;
  const publicKey = bytes.subarray(ML_DSA_65_MULTICODEC.length);
  return verifyMlDsa65(publicKey, integrityInput(unproven(entry), options), fromBase64Url(proofValue.slice(1)));
}

function cosigningKey(seed: Uint8Array): string {
  return mlDsa65Multikey(mlDsa65Signer(seed).publicKey);
}

function unproven({ versionId, versionTime, parameters, state }: DidEntry): Omit<DidEntry, 'proof'> {
  return { versionId, versionTime, parameters, state };
}
