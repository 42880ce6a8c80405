import { ARGON2_SALT_BYTES, argon2id } from './argon2.ts';
import type { Argon2Cost } from './argon2.ts';
import { CryptoError } from './crypto-error.ts';
import { plain } from './framing.ts';
import { randomNonce } from './keys.ts';
import { open, seal, SEAL_OVERHEAD_BYTES } from './seal.ts';

/** Names the key derivation and its cost, so that both can change without a flag day. */
const SUITE_ARGON2ID_64_MIB = 1;

/** RFC 9106's second recommended option: a key file is opened once a start, so it may cost more than a sign-in. */
const COST: Argon2Cost = { memory: 65_536, passes: 3, parallelism: 4 };

const CONTEXT = 'crypto/passphrase';
const HEADER_BYTES = 1 + ARGON2_SALT_BYTES;

/**
 * Seals bytes under a passphrase: `suite (1) || salt (16) || sealed value`, Argon2id (RFC 9106) and AES-256-GCM.
 */
export async function sealWithPassphrase(passphrase: string, plaintext: Uint8Array): Promise<Uint8Array> {
  const header = Buffer.concat([Uint8Array.of(SUITE_ARGON2ID_64_MIB), randomNonce(ARGON2_SALT_BYTES)]);
  const key = await argon2id(passphrase, header.subarray(1), COST);
  return plain(Buffer.concat([header, seal(key, plaintext, CONTEXT, header)]));
}

/**
 * Opens what {@link sealWithPassphrase} made.
 * @throws CryptoError `PASSPHRASE_WRONG`, also when the bytes were changed: the two cannot be told apart
 */
export async function openWithPassphrase(passphrase: string, sealed: Uint8Array): Promise<Uint8Array> {
  // Refused before the costly derivation: what is too short opens with no passphrase.
  if (sealed.length < HEADER_BYTES + SEAL_OVERHEAD_BYTES || sealed[0] !== SUITE_ARGON2ID_64_MIB) throw passphraseWrong();
  const header = sealed.subarray(0, HEADER_BYTES);
  const key = await argon2id(passphrase, header.subarray(1), COST);
  try {
    return open(key, sealed.subarray(HEADER_BYTES), CONTEXT, header);
  } catch (cause) {
    throw passphraseWrong(cause);
  }
}

function passphraseWrong(cause?: unknown): CryptoError {
  return new CryptoError('PASSPHRASE_WRONG', 'The passphrase is wrong, or the sealed file was changed.', { cause });
}
