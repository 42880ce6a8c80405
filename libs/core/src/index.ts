/**
 * What every lib may use: time, transactions, the wire encoding, canonical JSON, limits and the base error.
 */
export { addressBlock } from './address-block.ts';
export { BoundedCache } from './bounded-cache.ts';
export { canonicalJson, canonicalJsonBytes } from './canonical-json.ts';
export { later, systemClock } from './clock.ts';
export { CarecordError, errorCodeOf } from './error.ts';
export { newId } from './identifier.ts';
export { KeyLock } from './key-lock.ts';
export { LISTINGS, MAX_NAMED_HOSPITALS, UNLISTED } from './listing.ts';
export { silentLogger } from './logger.ts';
export { RateLimiter } from './rate-limiter.ts';
export { readAtMost } from './read-at-most.ts';
export { base64UrlSchema, fromBase64Url, toBase64Url, toHex } from './text-encoding.ts';
export { bytes, decodeWire, encodeWire } from './wire.ts';
export { WireError } from './wire-error.ts';
export type { Clock } from './clock.ts';
export type { Listing, NamedHospital, PatientListing } from './listing.ts';
export type { LogFields, Logger } from './logger.ts';
export type { Outbox, OutboxHandler, OutboxPayload } from './outbox.ts';
export type { Rate } from './rate-limiter.ts';
export type { Transaction, TransactionRunner } from './transaction.ts';
export type { WireErrorCode } from './wire-error.ts';
