import { CarecordError } from '@carecord/core';

/**
 * `HOLDER_UNREACHABLE`: the hospital asked could not be reached, or broke off; `NOT_AVAILABLE`: there is nothing for this
 * asker, and why is the holder's alone; `REQUEST_INVALID`: not a well-formed, well-signed request; `REQUEST_REPLAYED`: its id
 * was seen before; `REQUEST_FOREIGN`: it is not by, to or within whom it should be; `REQUEST_EXPIRED`: outside its time;
 * `GRANT_INVALID`: the holder's grant is not what was asked for; `GRANT_EXPIRED`: its time is over; `GRANT_KEY_DESTROYED`: the
 * recipient key that it is sealed to is not there any more; `CIPHERTEXT_TAMPERED`: a
 * fetched block does not open; `REQUEST_NOT_FOUND`: none with this id for this caller; `WRONG_STATE`: not possible any more;
 * `REASON_INVALID`: the free text is missing or too long; `REQUESTER_UNREACHABLE`: a grant can only be made out to a hospital that is connected; `TOO_MANY_RECORDS`: more versions than one grant can name, or
 * more bytes than one release may bring.
 */
export type ExchangeErrorCode =
  | 'HOLDER_UNREACHABLE'
  | 'NOT_AVAILABLE'
  | 'REQUEST_INVALID'
  | 'REQUEST_REPLAYED'
  | 'REQUEST_FOREIGN'
  | 'REQUEST_EXPIRED'
  | 'GRANT_INVALID'
  | 'GRANT_EXPIRED'
  | 'GRANT_KEY_DESTROYED'
  | 'CIPHERTEXT_TAMPERED'
  | 'REQUEST_NOT_FOUND'
  | 'WRONG_STATE'
  | 'REASON_INVALID'
  | 'REQUESTER_UNREACHABLE'
  | 'TOO_MANY_RECORDS';

/** Why a request, a grant or a reading failed. */
export class ExchangeError extends CarecordError<ExchangeErrorCode> {}
