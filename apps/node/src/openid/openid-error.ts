import { CarecordError } from '@carecord/core';

/**
 * - `OPENID_INPUT_INVALID`: what came is not what this address takes
 * - `OPENID_LIMITED`: too many requests from this address
 * - `OPENID_STATE_INVALID`: this sign-in was not begun in this browser, is over, or was answered before
 * - `OPENID_UNAVAILABLE`: the provider cannot be reached or does not answer as it should
 * - `OPENID_REFUSED`: the provider did not sign the person in, or its statement does not stand
 * - `OPENID_AUTHENTICATION_WEAK`: the person proved who they are in a way that is not enough here
 * - `OPENID_AUTHENTICATION_OLD`: that was too long ago
 * - `OPENID_ROLE_REFUSED`: none, or more than one, of the roles that mean something here
 * - `OPENID_ACCOUNT_MISSING`: nobody has set up an account for this person
 * - `OPENID_ACCOUNT_DISABLED`: the account is disabled
 * - `OPENID_SUBJECT_CHANGED`: a step-up was answered by somebody else, or its session is gone
 * - `OPENID_LOGOUT_INVALID`: the logout token does not stand, or was used before
 */
export type OpenIdErrorCode =
  | 'OPENID_INPUT_INVALID'
  | 'OPENID_LIMITED'
  | 'OPENID_STATE_INVALID'
  | 'OPENID_UNAVAILABLE'
  | 'OPENID_REFUSED'
  | 'OPENID_AUTHENTICATION_WEAK'
  | 'OPENID_AUTHENTICATION_OLD'
  | 'OPENID_ROLE_REFUSED'
  | 'OPENID_ACCOUNT_MISSING'
  | 'OPENID_ACCOUNT_DISABLED'
  | 'OPENID_SUBJECT_CHANGED'
  | 'OPENID_LOGOUT_INVALID';

/** Why a sign-in through the hospital's provider did not happen. The sentence is ours: the provider's is never repeated. */
export class OpenIdError extends CarecordError<OpenIdErrorCode> {}

const TOO_MANY = 429;
const UNAVAILABLE = 503;
const FORBIDDEN = 403;
const BAD_REQUEST = 400;

/** The HTTP status of each code. */
export const OPENID_STATUS: Readonly<Record<OpenIdErrorCode, number>> = {
  OPENID_INPUT_INVALID: BAD_REQUEST,
  OPENID_LIMITED: TOO_MANY,
  OPENID_STATE_INVALID: BAD_REQUEST,
  OPENID_UNAVAILABLE: UNAVAILABLE,
  OPENID_REFUSED: FORBIDDEN,
  OPENID_AUTHENTICATION_WEAK: FORBIDDEN,
  OPENID_AUTHENTICATION_OLD: FORBIDDEN,
  OPENID_ROLE_REFUSED: FORBIDDEN,
  OPENID_ACCOUNT_MISSING: FORBIDDEN,
  OPENID_ACCOUNT_DISABLED: FORBIDDEN,
  OPENID_SUBJECT_CHANGED: FORBIDDEN,
  OPENID_LOGOUT_INVALID: BAD_REQUEST,
};
