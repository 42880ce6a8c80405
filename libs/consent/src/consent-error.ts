import { CarecordError } from '@carecord/core';

/**
 * - `POLICY_INVALID`: a hospital's own policy cannot be parsed, does not fit the schema, or permits what only a consent may permit
 * - `CONSENT_INVALID`: a consent cannot be built from these values, or what should be withdrawn is not a Consent
 * - `EVALUATION_FAILED`: a decision could not be made: never thrown to a caller, but given with the denial, for the log
 */
export type ConsentErrorCode = 'POLICY_INVALID' | 'CONSENT_INVALID' | 'EVALUATION_FAILED';

/** What can be wrong with what an operator or a staff member gives us. Deciding itself never throws: it denies. */
export class ConsentError extends CarecordError<ConsentErrorCode> {}
