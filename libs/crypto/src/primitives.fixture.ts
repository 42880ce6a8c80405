import { createPrivateKey, createPublicKey, decapsulate, diffieHellman } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { gcm } from '@noble/ciphers/aes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { decryptAes256Gcm, encryptAes256Gcm, TAG_BYTES } from './aes-gcm.ts';
import { hkdfSha256 } from './keys.ts';
import { nativeMlDsa65 } from './ml-dsa-native.ts';
import { nobleMlDsa65 } from './ml-dsa-noble.ts';
import type { MlDsa65 } from './ml-dsa-port.ts';

/** One implementation of all primitives that published vectors exist for; ciphertexts end in their tag. */
export interface Primitives {
  readonly name: string;
  readonly seal: (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array) => Uint8Array;
  readonly open: (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array) => Uint8Array;
  readonly hkdfSha256: (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) => Uint8Array;
  readonly verifyMlDsa65: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /** The seed is 64 bytes: `d || z` of FIPS 203. */
  readonly decapsulateMlKem768: (seed: Uint8Array, ciphertext: Uint8Array) => Uint8Array;
  readonly x25519: (privateKey: Uint8Array, publicKey: Uint8Array) => Uint8Array;
}

/** Native ML-DSA-65, which these tests need to be there: Node 24 has it. */
export const requiredNativeMlDsa65: MlDsa65 = nativeMlDsa65() ?? (() => {
  throw new Error('This Node has no ML-DSA: the tests need Node 24.');
})();

/** RFC 9935 and RFC 8410: what stands before the bytes of a key in its DER. */
const ML_KEM_768_SEED = '3054020100300b060960864801650304040204428040';
const X25519_PRIVATE = '302e020100300506032b656e04220420';
const X25519_PUBLIC = '302a300506032b656e032100';

const der = (prefix: string, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from(prefix, 'hex'), bytes]);
const privateKeyOf = (prefix: string, bytes: Uint8Array): KeyObject => createPrivateKey({ key: der(prefix, bytes), format: 'der', type: 'pkcs8' });

/** What the product runs on. */
export const native: Primitives = {
  name: 'native',
  seal: (key, nonce, plaintext, associatedData) => Buffer.concat(encryptAes256Gcm(key, nonce, plaintext, associatedData)),
  open: (key, nonce, sealed, associatedData) => decryptAes256Gcm(key, nonce, sealed.subarray(0, -TAG_BYTES), sealed.subarray(-TAG_BYTES), associatedData),
  hkdfSha256,
  verifyMlDsa65: (publicKey, message, signature) => requiredNativeMlDsa65.verify(publicKey, message, signature),
  decapsulateMlKem768: (seed, ciphertext) => decapsulate(privateKeyOf(ML_KEM_768_SEED, seed), ciphertext),
  x25519: (privateKey, publicKey) =>
    diffieHellman({ privateKey: privateKeyOf(X25519_PRIVATE, privateKey), publicKey: createPublicKey({ key: der(X25519_PUBLIC, publicKey), format: 'der', type: 'spki' }) }),
};

// noble takes plain arrays alone.
const array = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** The oracle, and for ML-DSA-65 and ML-KEM-768 the fallback. */
export const noble: Primitives = {
  name: 'noble',
  seal: (key, nonce, plaintext, associatedData) => gcm(array(key), array(nonce), array(associatedData)).encrypt(array(plaintext)),
  open: (key, nonce, sealed, associatedData) => gcm(array(key), array(nonce), array(associatedData)).decrypt(array(sealed)),
  hkdfSha256: (secret, salt, info, length) => hkdf(sha256, array(secret), array(salt), array(info), length),
  verifyMlDsa65: (publicKey, message, signature) => nobleMlDsa65.verify(publicKey, message, signature),
  decapsulateMlKem768: (seed, ciphertext) => ml_kem768.decapsulate(array(ciphertext), ml_kem768.keygen(array(seed)).secretKey),
  x25519: (privateKey, publicKey) => x25519.getSharedSecret(array(privateKey), array(publicKey)),
};
