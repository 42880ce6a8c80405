import { CarecordError } from '@carecord/core';

/**
 * - `CONTENT_ID_MISMATCH`: the bytes are not those that the content id names, or it is no content id
 * - `OPEN_FAILED`: a sealed value did not open (wrong key, context, associated data, or changed bytes: never told apart)
 * - `RECIPIENT_OPEN_FAILED`: the same for a value sealed to a recipient's public key
 * - `PASSPHRASE_WRONG`: the same for a value sealed with a passphrase
 * - `SIGNATURE_INVALID`: one or both of the two signatures do not verify
 * - `JWS_INVALID`: a General JWS is not of the one shape that we accept, or does not verify
 * - `KEY_INVALID`: a key has the wrong length or encoding
 * - `PASSWORD_TOO_LONG`: a password to be hashed is longer than `verifyPassword` would look at
 */
export type CryptoErrorCode =
  | 'CONTENT_ID_MISMATCH'
  | 'OPEN_FAILED'
  | 'RECIPIENT_OPEN_FAILED'
  | 'PASSPHRASE_WRONG'
  | 'SIGNATURE_INVALID'
  | 'JWS_INVALID'
  | 'KEY_INVALID'
  | 'PASSWORD_TOO_LONG';

/** Why a cryptographic operation was refused. Messages never say which of several checks failed. */
export class CryptoError extends CarecordError<CryptoErrorCode> {}
