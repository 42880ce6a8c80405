/** FIPS 204, ML-DSA-65: key generation seed, public key and signature, in bytes. */
export const ML_DSA_65_SEED_BYTES = 32;
export const ML_DSA_65_PUBLIC_KEY_BYTES = 1952;
export const ML_DSA_65_SIGNATURE_BYTES = 3309;

/** A private key in memory, ready to sign. */
export interface MlDsa65Signer {
  /** 1952 bytes */
  readonly publicKey: Uint8Array;
  /** Signs with the empty context: 3309 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** One implementation of ML-DSA-65 (FIPS 204) with the empty context, the only one that we use. */
export interface MlDsa65 {
  readonly name: 'native' | 'noble';
  /** @throws CryptoError `KEY_INVALID` when the seed is not of 32 bytes */
  signer(seed: Uint8Array): MlDsa65Signer;
  /** Whether the signature verifies; false, not an error, for keys and signatures of a wrong length. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
