import { CarecordError, errorCodeOf } from '@carecord/core';

/**
 * - `SECRET_SIZE`: a secret to be wrapped is empty, `SECRET_TOO_LARGE`: it is larger than `MAX_WRAPPED_SECRET_BYTES`
 * - `UNWRAP_FAILED`: a wrapped secret did not open (other context or binding, or changed bytes: never told apart)
 * - `ROOT_KEY_UNKNOWN`: the holder has no such root key (destroyed, never there, or none at all yet)
 * - `ROOT_KEY_CURRENT`: the newest root key cannot be destroyed
 * - `ROOT_KEY_NOT_OLDEST`: an older root key must be destroyed first
 * - `ROOT_KEY_EXPOSED`: a root key of the token may leave it, so it is not used
 * - `HOLDER_UNREACHABLE`: the key holder does not answer, or answers that it cannot work now
 * - `HOLDER_REFUSED`: it does not accept our PIN, token or request
 * - `HOLDER_MISCONFIGURED`: the options name something that cannot be used
 * - `PKCS11_UNAVAILABLE`: the native addon for PKCS#11 is not built, or the module does not load
 * - `KEY_FILE_INVALID`: the sealed file is damaged, readable by others, or its passphrase is another one
 * - `KEY_FILE_OLD`: the sealed file is of a format that this version does not read
 * - `KEY_FILE_BUSY`: another process changes the sealed file and does not come to an end
 * - `KEY_UNKNOWN`: no key of the node has this id, `KEY_MISSING`: none of this purpose is active, or one that was there is not stored any more
 * - `KEY_ACTIVE`: an active key cannot be destroyed, `KEY_STATE`: the change is not one that the key's state allows
 */
export type KeysErrorCode =
  | 'SECRET_SIZE'
  | 'SECRET_TOO_LARGE'
  | 'UNWRAP_FAILED'
  | 'ROOT_KEY_UNKNOWN'
  | 'ROOT_KEY_CURRENT'
  | 'ROOT_KEY_NOT_OLDEST'
  | 'ROOT_KEY_EXPOSED'
  | 'HOLDER_UNREACHABLE'
  | 'HOLDER_REFUSED'
  | 'HOLDER_MISCONFIGURED'
  | 'PKCS11_UNAVAILABLE'
  | 'KEY_FILE_INVALID'
  | 'KEY_FILE_OLD'
  | 'KEY_FILE_BUSY'
  | 'KEY_UNKNOWN'
  | 'KEY_MISSING'
  | 'KEY_ACTIVE'
  | 'KEY_STATE';

/** Why a key could not be used, made or destroyed. Messages never hold a secret, a token, a PIN or what a server answered. */
export class KeysError extends CarecordError<KeysErrorCode> {}

/** Whether a holder says that a wrapped secret does not open now or later: a holder that is away says something else. */
export function neverOpens(error: unknown): boolean {
  return NEVER_OPENS.includes(errorCodeOf(error));
}

const NEVER_OPENS: readonly string[] = ['UNWRAP_FAILED', 'ROOT_KEY_UNKNOWN'] satisfies KeysErrorCode[];
