import { CarecordError } from '@carecord/core';

/**
 * The guardian's refusals, which the asker is told:
 * - `NOT_ENTITLED`: the asker is not a hospital of the network
 * - `PURPOSE_UNKNOWN`: no purpose of use that allows a look-up
 * - `RATE_LIMITED`: more look-ups than a hospital may make
 * - `POINT_INVALID`: what should be a blinded identifier is no group element
 *
 * At the asker and the publisher:
 * - `GUARDIAN_REFUSED`: refused for a reason that the guardian does not tell
 * - `GUARDIAN_UNAVAILABLE`: no answer
 * - `GUARDIAN_PROOF_INVALID`: the answer was not made with the key that the network description names
 * - `IDENTIFIER_INVALID`: empty, or longer than an identifier can be
 * - `SLOTS_FULL`: other holders have all slots of an identifier
 * - `PUBLISHING_FAILED`: the DHT took a pointer nowhere
 */
export type LocatorErrorCode =
  | 'NOT_ENTITLED'
  | 'PURPOSE_UNKNOWN'
  | 'RATE_LIMITED'
  | 'POINT_INVALID'
  | 'GUARDIAN_REFUSED'
  | 'GUARDIAN_UNAVAILABLE'
  | 'GUARDIAN_PROOF_INVALID'
  | 'IDENTIFIER_INVALID'
  | 'SLOTS_FULL'
  | 'PUBLISHING_FAILED';

/** The codes that a guardian tells an asker. */
export const GUARDIAN_REFUSAL_CODES = ['NOT_ENTITLED', 'PURPOSE_UNKNOWN', 'RATE_LIMITED', 'POINT_INVALID'] as const;

/** What can go wrong while patients are located or made locatable. */
export class LocatorError extends CarecordError<LocatorErrorCode> {}
