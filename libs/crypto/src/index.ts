/**
 * Hash, seal, open, sign, verify: no I/O, no clock, no protocol. Native `node:crypto` does the work; where it has no ML-DSA or
 * ML-KEM, noble's does.
 *
 * @example
 * const key = randomKey();
 * const sealed = seal(key, new TextEncoder().encode('hello'), 'example/greeting');
 * const contentId = contentIdOf(sealed);
 * verifyContentId(contentId, sealed);
 * open(key, sealed, 'example/greeting');
 */
export { contentIdOf, contentIdSchema, isContentId, verifyContentId } from './content-id.ts';
export { CryptoError } from './crypto-error.ts';
export { ED25519_PUBLIC_KEY_BYTES, ed25519PublicKey, ed25519Signer, signEd25519, verifyEd25519 } from './ed25519.ts';
export { hashWithContext, keyedToken, sha256 } from './hash.ts';
export { generateSigningSeeds, hybridSignatureSchema, hybridSigner, signWithContext, verifyWithContext } from './hybrid-signature.ts';
export { generalJwsSchema, signJws, verifyJws } from './jws.ts';
export { constantTimeEqual, deriveKey, randomKey, randomNonce } from './keys.ts';
export { MERKLE_HASH_BYTES, merkleLeaf, merkleRootOf, merkleTree } from './merkle.ts';
export { mlDsa65Signer, verifyMlDsa65 } from './ml-dsa.ts';
export { ML_DSA_65_PUBLIC_KEY_BYTES } from './ml-dsa-port.ts';
export { openWithPassphrase, sealWithPassphrase } from './passphrase.ts';
export { hashPassword, verifyPassword } from './password.ts';
export { generateRecipientSeed, openFrom, RECIPIENT_PUBLIC_KEY_BYTES, RECIPIENT_OVERHEAD_BYTES, recipientPublicKey, sealTo } from './recipient.ts';
export { open, seal, SEAL_OVERHEAD_BYTES } from './seal.ts';
export type { CryptoErrorCode } from './crypto-error.ts';
export type { Ed25519Signer } from './ed25519.ts';
export type { HybridSignature, HybridSigner, SigningPublicKeys, SigningSeeds } from './hybrid-signature.ts';
export type { GeneralJws } from './jws.ts';
export type { MerkleTree } from './merkle.ts';
export type { MlDsa65Signer } from './ml-dsa-port.ts';
