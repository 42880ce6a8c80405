import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CryptoError } from './crypto-error.ts';
import { plain } from './framing.ts';

/** FIPS 204, ML-DSA-65: key generation seed, public key and signature, in bytes. */
export const ML_DSA_65_SEED_BYTES = 32;
export const ML_DSA_65_PUBLIC_KEY_BYTES = 1952;
export const ML_DSA_65_SIGNATURE_BYTES = 3309;

/** RFC 9881: what stands before the seed in the DER of a private key (PKCS #8, seed form), before the key in a public one (SPKI). */
const PKCS8_SEED_PREFIX = Buffer.from('3034020100300b060960864801650304031204228020', 'hex');
const SPKI_PREFIX = Buffer.from('308207b2300b0609608648016503040312038207a100', 'hex');

/** Whether an ML-DSA-65 signature (FIPS 204, empty context) verifies; false for keys and signatures of a wrong length. */
export function verifyMlDsa65(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== ML_DSA_65_SIGNATURE_BYTES) return false;
  try {
    return verify(null, message, importMlDsa65PublicKey(publicKey), signature);
  } catch {
    return false;
  }
}

/** Signs with ML-DSA-65 off the main thread: it takes about a millisecond. */
export function signMlDsa65(privateKey: KeyObject, message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(null, message, privateKey, (error, signature) => {
      if (error) reject(error);
      else resolve(plain(signature));
    });
  });
}

export function mlDsa65PrivateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== ML_DSA_65_SEED_BYTES) throw new CryptoError('KEY_INVALID', 'An ML-DSA-65 seed has 32 bytes.');
  return createPrivateKey({ key: Buffer.concat([PKCS8_SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

export function mlDsa65PublicKeyOf(privateKey: KeyObject): Uint8Array {
  return plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length));
}

export function importMlDsa65PublicKey(publicKey: Uint8Array): KeyObject {
  if (publicKey.length !== ML_DSA_65_PUBLIC_KEY_BYTES) throw new CryptoError('KEY_INVALID', 'An ML-DSA-65 public key has 1952 bytes.');
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
}
