/**
 * Which hospitals know a patient, without anybody being told who is asked for: identifiers are blinded, evaluated by a guardian
 * (RFC 9497, verifiable), and lead to sealed pointers in the DHT.
 *
 * @example
 * const locator = new Locator({ network, description, store, identity, indexKey, audit, transactions, clock, logger });
 * await locator.publishPatient(patientId, patientIdentifiers(patient), 'listed');
 * const { pointers, incomplete } = await locator.locate({ system, value }, { purpose: 'TREAT', actor });
 */
export { Guardian } from './guardian.ts';
export { askingTag, POINTER_SLOTS } from './keys.ts';
export { Locator } from './locator.ts';
export { LocatorError } from './locator-error.ts';
export { guardianKeys } from './oprf.ts';
export { POINTER_LIFETIME_MILLISECONDS } from './pointer-writer.ts';
export { pointerKind } from './pointer-value.ts';
export type { GuardianOptions } from './guardian.ts';
export type { TypedIdentifier } from './identifier.ts';
export type { FoundPointer, Location } from './location.ts';
export type { LocatorOptions } from './locator.ts';
export type { LocatorErrorCode } from './locator-error.ts';
export type { GuardianKeys } from './oprf.ts';
export type { LocatedNetwork, LocatorStore, PatientTag, Publication, StoredLocation, StoredTag } from './ports.ts';
