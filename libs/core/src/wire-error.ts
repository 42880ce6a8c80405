import { CarecordError } from './error.ts';

/** `WIRE_TOO_LARGE`: over the message's limit; `WIRE_MALFORMED`: not the encoding; `WIRE_SCHEMA`: not the message's shape. */
export type WireErrorCode = 'WIRE_TOO_LARGE' | 'WIRE_MALFORMED' | 'WIRE_SCHEMA';

/** Why bytes from outside were not accepted as a message. */
export class WireError extends CarecordError<WireErrorCode> {}
