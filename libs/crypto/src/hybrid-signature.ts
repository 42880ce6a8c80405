import { sign } from 'node:crypto';
import { bytes } from '@carecord/core';
import { z } from 'zod';
import { CryptoError } from './crypto-error.ts';
import { ED25519_SIGNATURE_BYTES, ed25519PrivateKey, ed25519PublicKeyOf, verifyEd25519 } from './ed25519.ts';
import { contextLabel, frame, plain } from './framing.ts';
import { randomKey } from './keys.ts';
import { ML_DSA_65_SIGNATURE_BYTES } from './ml-dsa-port.ts';
import { mlDsa65Signer, verifyMlDsa65 } from './ml-dsa.ts';

/** Ed25519: 32 bytes; ML-DSA-65: 1952 bytes. */
export interface SigningPublicKeys {
  readonly ed25519: Uint8Array;
  readonly mlDsa65: Uint8Array;
}

/** What the two private keys are made from: 32 random bytes each. */
export interface SigningSeeds {
  readonly ed25519: Uint8Array;
  readonly mlDsa65: Uint8Array;
}

/** Ed25519: 64 bytes; ML-DSA-65: 3309 bytes. */
export interface HybridSignature {
  readonly ed25519: Uint8Array;
  readonly mlDsa65: Uint8Array;
}

/** {@link HybridSignature} as a part of a wire message. */
export const hybridSignatureSchema = z.strictObject({
  ed25519: bytes({ exactly: ED25519_SIGNATURE_BYTES }),
  mlDsa65: bytes({ exactly: ML_DSA_65_SIGNATURE_BYTES }),
});

/** Holds the two signing keys of a hospital: in this process or, later, in an HSM. */
export interface HybridSigner {
  readonly publicKeys: SigningPublicKeys;
  /** Signs one message with both keys. */
  sign(message: Uint8Array): Promise<HybridSignature>;
  /** Signs a message of its own with each key: a General JWS has another signing input for each algorithm. */
  signEach(messages: { readonly ed25519: Uint8Array; readonly mlDsa65: Uint8Array }): Promise<HybridSignature>;
}

/** Fresh random seeds. */
export function generateSigningSeeds(): SigningSeeds {
  return { ed25519: randomKey(), mlDsa65: randomKey() };
}

/**
 * A signer that holds both keys in memory.
 * @throws CryptoError `KEY_INVALID` when a seed is not of 32 bytes
 */
export function hybridSigner(seeds: SigningSeeds): HybridSigner {
  const ed25519 = ed25519PrivateKey(seeds.ed25519);
  const mlDsa65 = mlDsa65Signer(seeds.mlDsa65);
  const signEach: HybridSigner['signEach'] = async (messages) => {
    const slower = mlDsa65.sign(messages.mlDsa65);
    return { ed25519: plain(sign(null, messages.ed25519, ed25519)), mlDsa65: await slower };
  };
  return {
    publicKeys: { ed25519: ed25519PublicKeyOf(ed25519), mlDsa65: mlDsa65.publicKey },
    sign: (message) => signEach({ ed25519: message, mlDsa65: message }),
    signEach,
  };
}

/**
 * Signs a message for one purpose: what is signed is `"carecord/v1/" + context` and the message, each preceded by its
 * length, so a signature made for one context never verifies in another.
 */
export function signWithContext(signer: HybridSigner, context: string, message: Uint8Array): Promise<HybridSignature> {
  return signer.sign(contextual(context, message));
}

/**
 * Checks both signatures of {@link signWithContext}.
 * @throws CryptoError `SIGNATURE_INVALID` unless both verify
 */
export function verifyWithContext(publicKeys: SigningPublicKeys, context: string, message: Uint8Array, signature: HybridSignature): void {
  const signed = contextual(context, message);
  if (!verifyEd25519(publicKeys.ed25519, signed, signature.ed25519) || !verifyMlDsa65(publicKeys.mlDsa65, signed, signature.mlDsa65)) {
    throw new CryptoError('SIGNATURE_INVALID', 'A signature does not verify.');
  }
}

function contextual(context: string, message: Uint8Array): Uint8Array {
  return frame(contextLabel(context), message);
}
