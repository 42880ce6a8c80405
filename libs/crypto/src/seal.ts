import { decryptAes256Gcm, encryptAes256Gcm, NONCE_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { CryptoError } from './crypto-error.ts';
import { contextLabel, frame, plain } from './framing.ts';
import { KEY_BYTES, randomNonce } from './keys.ts';

/** Names the algorithm, so that another can come without a flag day. 1: AES-256-GCM with a random 96-bit nonce. */
const SUITE_AES_256_GCM = 1;
const HEADER_BYTES = 1 + NONCE_BYTES;

/** How much longer a sealed value is than its plaintext, in bytes. */
export const SEAL_OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/**
 * Seals bytes under a key: `suite (1) || nonce (12) || ciphertext || tag (16)`, AES-256-GCM (NIST SP 800-38D).
 * The nonce is random, so one key may seal up to 2^32 values.
 * @param key 32 bytes
 * @param context what is sealed; it must be given again to open
 * @param associatedData what the value belongs to; likewise
 * @throws CryptoError `KEY_INVALID` when the key is not of 32 bytes
 */
export function seal(key: Uint8Array, plaintext: Uint8Array, context: string, associatedData?: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) throw new CryptoError('KEY_INVALID', `A sealing key has ${KEY_BYTES} bytes.`);
  const nonce = randomNonce(NONCE_BYTES);
  return plain(
    Buffer.concat([Uint8Array.of(SUITE_AES_256_GCM), nonce, ...encryptAes256Gcm(key, nonce, plaintext, authenticated(context, associatedData))]),
  );
}

/**
 * Opens what {@link seal} made, with the same key, context and associated data.
 * @throws CryptoError `OPEN_FAILED`, which never says why
 */
export function open(key: Uint8Array, sealed: Uint8Array, context: string, associatedData?: Uint8Array): Uint8Array {
  if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== SUITE_AES_256_GCM) throw openFailed();
  const tagAt = sealed.length - TAG_BYTES;
  try {
    return plain(
      decryptAes256Gcm(
        key,
        sealed.subarray(1, HEADER_BYTES),
        sealed.subarray(HEADER_BYTES, tagAt),
        sealed.subarray(tagAt),
        authenticated(context, associatedData),
      ),
    );
  } catch (cause) {
    throw openFailed(cause);
  }
}

function authenticated(context: string, associatedData: Uint8Array = new Uint8Array()): Uint8Array {
  return frame(Uint8Array.of(SUITE_AES_256_GCM), contextLabel(context), associatedData);
}

function openFailed(cause?: unknown): CryptoError {
  return new CryptoError('OPEN_FAILED', 'A sealed value could not be opened.', { cause });
}
