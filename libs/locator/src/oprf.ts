import { deriveKey } from '@carecord/crypto';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { LocatorError } from './locator-error.ts';

/** RFC 9497: the verifiable mode, suite ristretto255-SHA512. */
const { voprf } = ristretto255_oprf;

/** Encoded group elements and scalars of ristretto255 (RFC 9497, section 4.1). */
export const ELEMENT_BYTES = 32;
/** A DLEQ proof: two scalars (RFC 9497, section 2.2). */
export const PROOF_BYTES = 64;
/** A tag: what a hospital has of a patient once a guardian evaluated the identifier. */
export const TAG_BYTES = 32;

/** `KeyInfo` of RFC 9497, section 3.2.1. */
const KEY_INFO = new TextEncoder().encode('carecord/v1/locator/guardian');

/** A guardian's keys, 32 bytes each. */
export interface GuardianKeys {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Inputs that were blinded, with what is needed to undo it; the blinds never leave the hospital. */
export interface BlindedInputs {
  readonly inputs: readonly Uint8Array[];
  readonly blinds: readonly Uint8Array[];
  /** What the guardian gets to see: elements that are uniformly random, whatever the inputs. */
  readonly blinded: readonly Uint8Array[];
}

/** A guardian's answer to several blinded inputs: one proof for all. */
export interface Evaluation {
  readonly evaluated: readonly Uint8Array[];
  readonly proof: Uint8Array;
}

/** A guardian's keys from its secret (DeriveKeyPair, RFC 9497, section 3.2.1). */
export function guardianKeys(oprfSecret: Uint8Array): GuardianKeys {
  return voprf.deriveKeyPair(oprfSecret, KEY_INFO);
}

/** Blind, RFC 9497, section 3.3.1, once for each input. */
export function blindInputs(inputs: readonly Uint8Array[]): BlindedInputs {
  const results = inputs.map((input) => voprf.blind(input));
  return { inputs, blinds: results.map(({ blind }) => blind), blinded: results.map(({ blinded }) => blinded) };
}

/**
 * BlindEvaluate, RFC 9497, section 3.3.2, for a batch.
 * @throws LocatorError `POINT_INVALID` when one is no encoding of an element, or the identity
 */
export function evaluateBlinded(keys: GuardianKeys, blinded: readonly Uint8Array[]): Evaluation {
  try {
    return voprf.blindEvaluateBatch(keys.secretKey, keys.publicKey, [...blinded]);
  } catch (cause) {
    throw new LocatorError('POINT_INVALID', 'A blinded identifier is no group element.', { cause });
  }
}

/**
 * Finalize, RFC 9497, section 3.3.2: checks the proof and takes the blinds off; the tags are derived from the outputs.
 * @throws LocatorError `GUARDIAN_PROOF_INVALID` unless all was evaluated with the secret of this public key
 */
export function finalizeTags(request: BlindedInputs, { evaluated, proof }: Evaluation, guardianPublicKey: Uint8Array): Uint8Array[] {
  try {
    const items = request.inputs.map((input, index) => ({
      input,
      blind: request.blinds[index] as Uint8Array,
      blinded: request.blinded[index] as Uint8Array,
      evaluated: evaluated[index] as Uint8Array,
    }));
    if (evaluated.length !== items.length) throw new Error('The answer has another length than the question.');
    return voprf.finalizeBatch(items, guardianPublicKey, proof).map((output) => deriveKey(output, 'locator/tag'));
  } catch (cause) {
    throw new LocatorError('GUARDIAN_PROOF_INVALID', 'The guardian did not evaluate with the key of the network description.', { cause });
  }
}
