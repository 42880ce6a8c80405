import { CarecordError } from '@carecord/core';

/**
 * - `UNAUTHENTICATED`: no session, or one that is over or of another hospital
 * - `FORBIDDEN`: the role may not do this
 * - `STEP_UP_REQUIRED`: sensitive, and the person has not lately proved again who they are
 * - `SIGN_IN_REFUSED`: unknown user or wrong password, never which
 * - `SIGN_IN_LIMITED`: too many failed attempts
 * - `SIGN_IN_EXPIRED`: the sign-in (or registration) that was under way is over, or was used before
 * - `PROOF_REFUSED`: a signed-in person's code, passkey or password is not right
 * - `PASSKEY_REFUSED`: not a passkey that can be taken on
 * - `PASSWORD_UNACCEPTABLE`: too short, too common, or the user name
 * - `SECOND_FACTOR_STATE`: there is (or is not yet) a second factor of this kind
 * - `USERNAME_INVALID`: not what can be a user name
 * - `USERNAME_TAKEN`: another account has this user name
 * - `ROLE_UNAVAILABLE`: not a role that can be given to, or taken from, this account here
 * - `LAST_ADMINISTRATOR`: nobody would be left who could administer the node
 * - `NOT_FOUND`: nothing with this id
 * - `HOSPITAL_UNKNOWN`: no such member of the network
 * - `LOCATION_EXPIRED`: no look-up of this staff member with this id, or it is too old
 * - `RATE_LIMITED`: too often
 * - `TICKET_INVALID`: not an admission ticket that is open for this applicant
 * - `WRONG_STATE`: what is decided about a hospital does not follow from where it stands
 * - `TOO_MANY_APPLICATIONS`: the authority has as many undecided applications as it keeps
 * - `NOT_A_MEMBER`, `HISTORY_FORKED`: the authority does not witness this version of a DID; or another one of its number is known
 * - `ADMISSION_REFUSED`: an authority did not admit us, or ended or suspended our membership
 * - `ADMISSION_PENDING`: too few authorities have decided about our application yet
 * - `NOT_ADMITTED`: something needs a membership that this hospital does not have yet
 * - `NETWORK_FILE_MISMATCH`: the operator's network file does not mean this authority
 * - `CLOCK_SKEW`: this machine's clock is not that of the database or of the authority
 * - `AUTHORITY_UNREACHABLE`, `AUTHORITY_ANSWER_INVALID`: no answer, or none that proves itself
 * - `KEY_FILE_INVALID`: the file with the key of this node's PeerId is damaged or cannot be written
 * - `NODE_STARTING`: the node is not in the network yet
 * - `PORT_BUSY`: a port that this node was to listen at is taken
 * - `OUTBOUND_REFUSED`: an address that this node does not call: private, not HTTPS, with credentials, or redirected downwards
 * - `OUTBOUND_UNREACHABLE`, `OUTBOUND_TIMEOUT`: another service did not answer, or not in time
 * - `OUTBOUND_TOO_LARGE`, `OUTBOUND_ANSWER_INVALID`: its answer is over the limit, or cannot be read
 * - `DATABASE_MISMATCH`: the database belongs to other keys, or what it says of this node is damaged
 */
export type NodeErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'STEP_UP_REQUIRED'
  | 'SIGN_IN_REFUSED'
  | 'SIGN_IN_LIMITED'
  | 'SIGN_IN_EXPIRED'
  | 'PROOF_REFUSED'
  | 'PASSKEY_REFUSED'
  | 'PASSWORD_UNACCEPTABLE'
  | 'SECOND_FACTOR_STATE'
  | 'USERNAME_INVALID'
  | 'USERNAME_TAKEN'
  | 'ROLE_UNAVAILABLE'
  | 'LAST_ADMINISTRATOR'
  | 'NOT_FOUND'
  | 'HOSPITAL_UNKNOWN'
  | 'LOCATION_EXPIRED'
  | 'RATE_LIMITED'
  | 'TICKET_INVALID'
  | 'WRONG_STATE'
  | 'TOO_MANY_APPLICATIONS'
  | 'NOT_A_MEMBER'
  | 'HISTORY_FORKED'
  | 'ADMISSION_REFUSED'
  | 'ADMISSION_PENDING'
  | 'NOT_ADMITTED'
  | 'NETWORK_FILE_MISMATCH'
  | 'GUARDIANS_INVALID'
  | 'CLOCK_SKEW'
  | 'AUTHORITY_UNREACHABLE'
  | 'AUTHORITY_ANSWER_INVALID'
  | 'KEY_FILE_INVALID'
  | 'NODE_STARTING'
  | 'PORT_BUSY'
  | 'OUTBOUND_REFUSED'
  | 'OUTBOUND_UNREACHABLE'
  | 'OUTBOUND_TIMEOUT'
  | 'OUTBOUND_TOO_LARGE'
  | 'OUTBOUND_ANSWER_INVALID'
  | 'DATABASE_MISMATCH';

/** Why the node itself refused something or could not start. */
export class NodeError extends CarecordError<NodeErrorCode> {}
