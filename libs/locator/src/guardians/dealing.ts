import { bytes, canonicalJsonBytes } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { z } from 'zod';
import { ELEMENT_BYTES, PROOF_BYTES } from '../oprf.ts';
import { LocatorError } from '../locator-error.ts';
import { decodeElement, decodeScalar, encodeScalar, evaluateCommitments, evaluatePolynomial, generator, hashToScalar, product, SCALAR_BYTES, sumScalars, times, timesPublic } from './group.ts';
import type { Element } from './group.ts';
import { MAX_GUARDIANS } from './limits.ts';

/** Everything that a proof belongs to: it counts nowhere else. */
export interface DealingPlace {
  readonly networkId: string;
  readonly epoch: number;
  readonly version: number;
  readonly attempt: number;
  readonly dealer: string;
}

/** What a guardian deals out to all: commitments to its polynomial, and the proof that it knows the constant term. */
export const dealingSchema = z.strictObject({
  commitments: z.array(bytes({ exactly: ELEMENT_BYTES })).min(1).max(MAX_GUARDIANS),
  proof: bytes({ exactly: PROOF_BYTES }),
});
export type Dealing = z.infer<typeof dealingSchema>;

const PROOF_CONTEXT = 'carecord/v1/locator/guardian-dealing';

/**
 * A random polynomial of degree `threshold - 1` (Shamir 1979): any `threshold` of its values give the constant term, fewer say
 * nothing about it.
 * @param constant the secret to be shared; @default a random one
 * @returns the coefficients, 32 bytes each, secret
 */
export function newPolynomial(threshold: number, constant: bigint = randomScalar()): Uint8Array[] {
  return [constant, ...Array.from({ length: threshold - 1 }, randomScalar)].map(encodeScalar);
}

/**
 * Commits to a polynomial (Feldman 1987) and proves knowledge of its constant term by a Schnorr signature with it (as FROST's key
 * generation does, Komlo and Goldberg 2020, figure 1): nobody can choose its commitments to cancel those of others.
 */
export function dealingOf(polynomial: readonly Uint8Array[], place: DealingPlace): Dealing {
  const commitments = polynomial.map((coefficient) => times(generator, decodeScalar(coefficient)).toBytes());
  const nonce = randomScalar();
  const challenge = challengeOf(place, commitments, times(generator, nonce));
  const response = sumScalars([nonce, product(challenge, decodeScalar(polynomial[0] as Uint8Array))]);
  return { commitments, proof: Buffer.concat([encodeScalar(challenge), encodeScalar(response)]) };
}

/** The value of a polynomial for one guardian: its secret share of this dealing. */
export function shareOf(polynomial: readonly Uint8Array[], index: number): Uint8Array {
  return encodeScalar(evaluatePolynomial(polynomial.map(decodeScalar), index));
}

/**
 * Checks what was dealt: its degree, its proof, and, where a key is dealt anew, that it is the dealer's share of that key.
 * @param expectedConstant the public image of the constant term; @default any
 * @throws LocatorError `DEALING_INVALID`
 */
export function checkDealing({ commitments, proof }: Dealing, threshold: number, place: DealingPlace, expectedConstant?: Uint8Array): void {
  try {
    if (commitments.length !== threshold) throw new Error('The polynomial has another degree.');
    const [constant] = commitments.map(decodeElement) as [Element];
    if (expectedConstant !== undefined && !constant.equals(decodeElement(expectedConstant))) throw new Error('It is not the share of the key.');
    const challenge = decodeScalar(proof.subarray(0, SCALAR_BYTES));
    const response = decodeScalar(proof.subarray(SCALAR_BYTES));
    const nonceImage = timesPublic(generator, response).subtract(timesPublic(constant, challenge));
    if (challengeOf(place, commitments, nonceImage) !== challenge) throw new Error('The proof does not fit.');
  } catch (cause) {
    throw dealingInvalid(cause);
  }
}

/** Checks a share against the commitments (Feldman 1987). @throws LocatorError `DEALING_INVALID` */
export function checkShare({ commitments }: Dealing, index: number, share: Uint8Array): void {
  let fits: boolean;
  try {
    fits = times(generator, decodeScalar(share)).equals(evaluateCommitments(commitments.map(decodeElement), index));
  } catch (cause) {
    throw dealingInvalid(cause);
  }
  if (!fits) throw dealingInvalid(new Error('The share is not of the committed polynomial.'));
}

/** A scalar that nobody can guess: 64 random bytes, so that the reduction does not show. */
export function randomScalar(): bigint {
  return hashToScalar('carecord/v1/locator/guardian-random', Buffer.concat([randomKey(), randomKey()]));
}

function challengeOf({ networkId, epoch, version, attempt, dealer }: DealingPlace, commitments: readonly Uint8Array[], nonceImage: Element): bigint {
  const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
  return hashToScalar(PROOF_CONTEXT, canonicalJsonBytes([networkId, epoch, version, attempt, dealer, commitments.map(hex), hex(nonceImage.toBytes())]));
}

function dealingInvalid(cause: unknown): LocatorError {
  return new LocatorError('DEALING_INVALID', 'A guardian dealt what does not fit together.', { cause });
}
