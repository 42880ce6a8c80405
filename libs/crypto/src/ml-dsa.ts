import { nativeMlDsa65 } from './ml-dsa-native.ts';
import { nobleMlDsa65 } from './ml-dsa-noble.ts';
import type { MlDsa65, MlDsa65Signer } from './ml-dsa-port.ts';

/** Node's own where its OpenSSL has ML-DSA (3.5: Node 24); else noble's, which gives the same bytes and is ten times slower. */
export function chooseMlDsa65(native: MlDsa65 | undefined): MlDsa65 {
  return native ?? nobleMlDsa65;
}

const mlDsa65 = chooseMlDsa65(nativeMlDsa65());

/** A signer from a seed of 32 bytes. @throws CryptoError `KEY_INVALID` */
export function mlDsa65Signer(seed: Uint8Array): MlDsa65Signer {
  return mlDsa65.signer(seed);
}

/** Whether an ML-DSA-65 signature (FIPS 204, empty context) verifies; false for keys and signatures of a wrong length. */
export function verifyMlDsa65(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return mlDsa65.verify(publicKey, message, signature);
}
