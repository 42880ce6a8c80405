import { CarecordError } from '@carecord/core';

/**
 * The codes of RFC 6749, section 5.2, that the token endpoint answers with, and `temporarily_unavailable` (section 4.1.2.1)
 * for who asks too often.
 */
export type TokenErrorCode = 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope' | 'temporarily_unavailable';

/** Why no token was given. The message goes to the client as `error_description`. */
export class TokenError extends CarecordError<TokenErrorCode> {}

/** The answer to whoever has not proven to be a client: it says the same about an unknown client, a wrong key and a bad signature. */
export function notThisClient(cause?: unknown): TokenError {
  return new TokenError('invalid_client', 'The client is not known here or did not prove itself.', { cause });
}
