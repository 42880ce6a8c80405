import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from 'hpke';
import { TAG_BYTES } from './aes-gcm.ts';
import { CryptoError } from './crypto-error.ts';
import { plain } from './framing.ts';
import { randomKey } from './keys.ts';
import { chooseRecipientKem, nativeRecipientKem } from './recipient-kem.ts';

/**
 * HPKE (RFC 9180, and draft-ietf-hpke-pq for the hybrid KEM 0x647a), base mode: ML-KEM-768 with X25519, HKDF-SHA256,
 * AES-256-GCM. It does not authenticate the sender: sign what refers to the sealed value.
 */
const suite = new CipherSuite(chooseRecipientKem(nativeRecipientKem()), KDF_HKDF_SHA256, AEAD_AES_256_GCM);

/** A seed of the hybrid KEM, in bytes. */
export const RECIPIENT_SEED_BYTES = 32;
/** A public key to seal to, in bytes: ML-KEM-768 (1184), then X25519 (32). */
export const RECIPIENT_PUBLIC_KEY_BYTES = 1216;
const ENCAPSULATED_BYTES = 1120;

/** How much longer a value sealed to a recipient is than its plaintext, in bytes. */
export const RECIPIENT_OVERHEAD_BYTES = ENCAPSULATED_BYTES + TAG_BYTES;

/** A fresh random seed of a recipient's key pair: 32 bytes. */
export function generateRecipientSeed(): Uint8Array {
  return randomKey();
}

/**
 * The public key (1216 bytes: ML-KEM-768, then X25519) of a recipient's seed, by HPKE's DeriveKeyPair (RFC 9180, section 7.1.3).
 * @throws CryptoError `KEY_INVALID` when the seed is not of 32 bytes
 */
export async function recipientPublicKey(seed: Uint8Array): Promise<Uint8Array> {
  if (seed.length !== RECIPIENT_SEED_BYTES) throw new CryptoError('KEY_INVALID', 'A recipient seed has 32 bytes.');
  return suite.SerializePublicKey((await suite.DeriveKeyPair(seed)).publicKey);
}

/**
 * Seals bytes to a recipient: `encapsulated secret (1120) || ciphertext || tag (16)`.
 * @param publicKey 1216 bytes
 * @param info what the value belongs to; it must be given again to open
 * @throws CryptoError `KEY_INVALID` when the public key is none
 */
export async function sealTo(publicKey: Uint8Array, info: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
  const { encapsulatedSecret, ciphertext } = await suite.Seal(await importPublicKey(publicKey), plaintext, { info });
  return plain(Buffer.concat([encapsulatedSecret, ciphertext]));
}

/**
 * Opens what {@link sealTo} made, with the same info.
 * @throws CryptoError `RECIPIENT_OPEN_FAILED`, which never says why
 */
export async function openFrom(recipientSeed: Uint8Array, info: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
  try {
    const keyPair = await suite.DeriveKeyPair(recipientSeed, false);
    return await suite.Open(keyPair, sealed.subarray(0, ENCAPSULATED_BYTES), sealed.subarray(ENCAPSULATED_BYTES), { info });
  } catch (cause) {
    throw new CryptoError('RECIPIENT_OPEN_FAILED', 'A value sealed to this hospital could not be opened.', { cause });
  }
}

async function importPublicKey(publicKey: Uint8Array): ReturnType<typeof suite.DeserializePublicKey> {
  try {
    return await suite.DeserializePublicKey(publicKey);
  } catch (cause) {
    throw new CryptoError('KEY_INVALID', 'A public key to seal to is not valid.', { cause });
  }
}
