import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CryptoError } from './crypto-error.ts';
import { plain } from './framing.ts';
import { PublicKeyCache } from './public-key-cache.ts';

export const ED25519_SEED_BYTES = 32;
export const ED25519_PUBLIC_KEY_BYTES = 32;
export const ED25519_SIGNATURE_BYTES = 64;

/** RFC 8410: what stands before the 32 bytes in the DER of a private (PKCS #8) and of a public (SPKI) Ed25519 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The public key (32 bytes) of an Ed25519 seed (32 bytes), RFC 8032 section 5.1.5. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519PublicKeyOf(ed25519PrivateKey(seed));
}

/** A private key in memory, ready to sign. */
export interface Ed25519Signer {
  /** 32 bytes */
  readonly publicKey: Uint8Array;
  /** Ed25519 (RFC 8032): 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** A signer from a seed of 32 bytes: for a key that signs often. @throws CryptoError `KEY_INVALID` */
export function ed25519Signer(seed: Uint8Array): Ed25519Signer {
  const privateKey = ed25519PrivateKey(seed);
  return { publicKey: ed25519PublicKeyOf(privateKey), sign: (message) => plain(sign(null, message, privateKey)) };
}

/** Signs with Ed25519 (RFC 8032): 64 bytes. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return plain(sign(null, message, ed25519PrivateKey(seed)));
}

/** Whether an Ed25519 signature (RFC 8032) verifies; false, not an error, for keys and signatures of a wrong length. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  try {
    return verify(null, message, importEd25519PublicKey(publicKey), signature);
  } catch {
    return false;
  }
}

export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== ED25519_SEED_BYTES) throw new CryptoError('KEY_INVALID', 'An Ed25519 seed has 32 bytes.');
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

export function ed25519PublicKeyOf(privateKey: KeyObject): Uint8Array {
  return plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length));
}

const publicKeys = new PublicKeyCache((publicKey) => createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' }));

export function importEd25519PublicKey(publicKey: Uint8Array): KeyObject {
  if (publicKey.length !== ED25519_PUBLIC_KEY_BYTES) throw new CryptoError('KEY_INVALID', 'An Ed25519 public key has 32 bytes.');
  return publicKeys.get(publicKey);
}
