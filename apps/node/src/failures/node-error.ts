import { CarecordError } from '@carecord/core';

/**
 * - `UNAUTHENTICATED`: no session, or one that is over or of another hospital
 * - `FORBIDDEN`: the role may not do this
 * - `SIGN_IN_REFUSED`: unknown user or wrong password, never which
 * - `SIGN_IN_LIMITED`: too many failed attempts
 * - `NOT_FOUND`: nothing with this id
 * - `HOSPITAL_UNKNOWN`: no such member of the network
 * - `LOCATION_EXPIRED`: no look-up of this staff member with this id, or it is too old
 * - `RATE_LIMITED`: too often
 * - `TICKET_INVALID`: not an admission ticket that is open for this applicant
 * - `ADMISSION_REFUSED`: the authority did not admit us
 * - `AUTHORITY_UNREACHABLE`, `AUTHORITY_ANSWER_INVALID`: no answer, or none that proves itself
 * - `KEY_FILE_INVALID`: the key file is missing, readable by others, or does not open
 * - `PORT_BUSY`: the HTTP port is taken
 * - `DATABASE_MISMATCH`: the database belongs to other keys, or what it says of this node is damaged
 */
export type NodeErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'SIGN_IN_REFUSED'
  | 'SIGN_IN_LIMITED'
  | 'NOT_FOUND'
  | 'HOSPITAL_UNKNOWN'
  | 'LOCATION_EXPIRED'
  | 'RATE_LIMITED'
  | 'TICKET_INVALID'
  | 'ADMISSION_REFUSED'
  | 'AUTHORITY_UNREACHABLE'
  | 'AUTHORITY_ANSWER_INVALID'
  | 'KEY_FILE_INVALID'
  | 'PORT_BUSY'
  | 'DATABASE_MISMATCH';

/** Why the node itself refused something or could not start. */
export class NodeError extends CarecordError<NodeErrorCode> {}
