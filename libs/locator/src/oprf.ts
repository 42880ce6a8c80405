import { deriveKey } from '@carecord/crypto';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { decodeElement, decodeScalar, generator, interpolate, times } from './guardians/group.ts';
import { LocatorError } from './locator-error.ts';

/** RFC 9497, suite ristretto255-SHA512: the verifiable mode towards each guardian, whose proof is over its public share. */
const { oprf, voprf } = ristretto255_oprf;

/** Encoded group elements and scalars of ristretto255 (RFC 9497, section 4.1). */
export const ELEMENT_BYTES = 32;
/** A DLEQ proof: two scalars (RFC 9497, section 2.2). */
export const PROOF_BYTES = 64;
/** A tag: what a hospital has of a patient once guardians evaluated the identifier. */
export const TAG_BYTES = 32;

/** Inputs that were blinded, with what is needed to undo it; the blinds never leave the hospital. */
export interface BlindedInputs {
  readonly inputs: readonly Uint8Array[];
  readonly blinds: readonly Uint8Array[];
  /** What guardians get to see: elements that are uniformly random, whatever the inputs. */
  readonly blinded: readonly Uint8Array[];
}

/** A guardian's answer to several blinded inputs: one proof for all. */
export interface Evaluation {
  readonly evaluated: readonly Uint8Array[];
  readonly proof: Uint8Array;
}

/** A verified evaluation with one guardian's share. */
export interface PartialEvaluation {
  /** The guardian's index in the statement of the key, from 1. */
  readonly index: number;
  readonly evaluated: readonly Uint8Array[];
}

/** The public image of a share, or of a whole key; 32 bytes. */
export function publicImage(secret: Uint8Array): Uint8Array {
  return times(generator, decodeScalar(secret)).toBytes();
}

/** Blind, RFC 9497, section 3.3.1, once for each input. */
export function blindInputs(inputs: readonly Uint8Array[]): BlindedInputs {
  const results = inputs.map((input) => voprf.blind(input));
  return { inputs, blinds: results.map(({ blind }) => blind), blinded: results.map(({ blinded }) => blinded) };
}

/**
 * BlindEvaluate, RFC 9497, section 3.3.2, for a batch, with one proof over it.
 * @param secret a guardian's share, 32 bytes
 * @throws LocatorError `POINT_INVALID` when one is no canonical encoding of an element, or the identity
 */
export function evaluateBlinded(secret: Uint8Array, blinded: readonly Uint8Array[]): Evaluation {
  for (const element of blinded) decodeElement(element);
  return voprf.blindEvaluateBatch(secret, publicImage(secret), [...blinded]);
}

/**
 * VerifyProof, RFC 9497, section 2.2.2: everything was evaluated with the secret of this public share.
 * @throws LocatorError `GUARDIAN_PROOF_INVALID`
 */
export function verifyEvaluation(request: BlindedInputs, { evaluated, proof }: Evaluation, publicShare: Uint8Array): void {
  try {
    if (evaluated.length !== request.inputs.length) throw new Error('The answer has another length than the question.');
    for (const element of evaluated) decodeElement(element);
    voprf.finalizeBatch(itemsOf(request, evaluated), publicShare, proof);
  } catch (cause) {
    throw new LocatorError('GUARDIAN_PROOF_INVALID', 'A guardian did not evaluate with its share of the key.', { cause });
  }
}

/**
 * Puts verified evaluations of a threshold of guardians together (Lagrange, in the exponent), takes the blinds off, and hashes:
 * Finalize of RFC 9497, section 3.3.1, with what the whole key would have given. The tags are derived from the outputs.
 */
export function combineTags(request: BlindedInputs, evaluations: readonly PartialEvaluation[]): Uint8Array[] {
  return request.inputs.map((input, at) => {
    const points = evaluations.map(({ index, evaluated }) => ({ index, element: decodeElement(evaluated[at] as Uint8Array) }));
    const output = oprf.finalize(input, request.blinds[at] as Uint8Array, interpolate(points).toBytes());
    return deriveKey(output, 'locator/tag');
  });
}

function itemsOf({ inputs, blinds, blinded }: BlindedInputs, evaluated: readonly Uint8Array[]): Parameters<typeof voprf.finalizeBatch>[0] {
  return inputs.map((input, at) => ({ input, blind: blinds[at] as Uint8Array, blinded: blinded[at] as Uint8Array, evaluated: evaluated[at] as Uint8Array }));
}
