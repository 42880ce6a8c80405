import { CarecordError } from '@carecord/core';

/**
 * The guardian's refusals, which the asker is told:
 * - `NOT_ENTITLED`: the asker is not a hospital of the network
 * - `PURPOSE_UNKNOWN`: no purpose of use that allows a look-up
 * - `CLINICIAN_REQUIRED`: nobody is named, not even by a pseudonym, for whom is asked
 * - `RATE_LIMITED`: more look-ups than a hospital or a clinician may make
 * - `ADMISSIONS_REQUIRED`: more evaluations for publishing than the admissions that the hospital has shown allow
 * - `ADMISSIONS_INVALID`: a statement of admissions does not verify, or goes back behind an earlier one
 * - `POINT_INVALID`: what should be a blinded identifier is no group element
 * - `KEY_OUTDATED`: the guardian has no share of the key that the asker names
 *
 * Among guardians:
 * - `CEREMONY_UNKNOWN`: this guardian takes no part in the making of that key, or knows of another one
 * - `DEALING_INVALID`: a guardian dealt what does not fit together
 * - `GUARDIAN_KEY_INVALID`: a statement of guardians about their key does not verify
 *
 * At the asker and the publisher:
 * - `GUARDIAN_REFUSED`: refused for a reason that the guardian does not tell
 * - `GUARDIAN_UNAVAILABLE`: fewer guardians answered than are needed, or there is no key yet
 * - `GUARDIAN_PROOF_INVALID`: an answer was not made with the share of which the guardians' statement tells
 * - `IDENTIFIER_INVALID`: empty, or longer than an identifier can be
 * - `DEMOGRAPHICS_INVALID`: a name, birth date or sex that no recipe can use
 * - `RECIPIENT_UNKNOWN`: the keys of a hospital that a patient is listed to are not to be found
 * - `SLOTS_FULL`: other holders have all slots of an identifier
 * - `PUBLISHING_FAILED`: the DHT took a pointer nowhere
 */
export type LocatorErrorCode =
  | 'NOT_ENTITLED'
  | 'PURPOSE_UNKNOWN'
  | 'CLINICIAN_REQUIRED'
  | 'RATE_LIMITED'
  | 'ADMISSIONS_REQUIRED'
  | 'ADMISSIONS_INVALID'
  | 'POINT_INVALID'
  | 'KEY_OUTDATED'
  | 'CEREMONY_UNKNOWN'
  | 'DEALING_INVALID'
  | 'GUARDIAN_KEY_INVALID'
  | 'GUARDIAN_REFUSED'
  | 'GUARDIAN_UNAVAILABLE'
  | 'GUARDIAN_PROOF_INVALID'
  | 'IDENTIFIER_INVALID'
  | 'DEMOGRAPHICS_INVALID'
  | 'RECIPIENT_UNKNOWN'
  | 'SLOTS_FULL'
  | 'PUBLISHING_FAILED';

/** The codes that a guardian tells an asker. */
export const GUARDIAN_REFUSAL_CODES = [
  'NOT_ENTITLED',
  'PURPOSE_UNKNOWN',
  'CLINICIAN_REQUIRED',
  'RATE_LIMITED',
  'ADMISSIONS_REQUIRED',
  'ADMISSIONS_INVALID',
  'POINT_INVALID',
  'KEY_OUTDATED',
] as const;

/** What can go wrong while patients are located or made locatable. */
export class LocatorError extends CarecordError<LocatorErrorCode> {}
