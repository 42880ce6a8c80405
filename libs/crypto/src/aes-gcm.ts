import { createCipheriv, createDecipheriv } from 'node:crypto';

/** NIST SP 800-38D: the 96-bit nonce and the full 128-bit tag. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** AES-256-GCM: ciphertext and tag, as two pieces so that the caller joins everything once. */
export function encryptAes256Gcm(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): readonly Uint8Array[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData);
  return [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
}

/** The plaintext; throws when the tag does not verify. */
export function decryptAes256Gcm(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  // GCM is a stream mode: final() gives no bytes, it throws when the tag is wrong.
  decipher.final();
  return plaintext;
}
