/**
 * Which hospitals know a patient, without anybody being told who is asked for: identifiers are blinded, evaluated by
 * guardians (RFC 9497, verifiable; a threshold of them), and lead to sealed pointers in the DHT.
 *
 * @example
 * const locator = new Locator({ network, tags, store, identity, recipientSeeds, indexKey, audit, transactions, clock, logger });
 * await locator.publishPatient(patientId, { identifiers: patientIdentifiers(patient) }, { listing: 'listed', hospitals: [] });
 * const { pointers, incomplete } = await locator.locate({ system, value }, { purpose: 'TREAT', actor });
 */
export { MAX_INPUTS } from './guardians/limits.ts';
export { Guardians } from './guardians/guardians.ts';
export { askingTag, POINTER_SLOTS } from './keys.ts';
export { INCOMPLETE_REASONS } from './location.ts';
export { Locator } from './locator.ts';
export { LocatorError } from './locator-error.ts';
export { POINTER_LIFETIME_MILLISECONDS } from './pointer-writer.ts';
export { pointerKind } from './pointer-value.ts';
export { RECIPES } from './recipes.ts';
export { ReferencePublisher } from './reference-publisher.ts';
export type { AdmissionCount } from './guardians/admission-statement.ts';
export type { GuardianLimits } from './guardians/guardian-quotas.ts';
export type { GuardiansOptions } from './guardians/guardians.ts';
export type {
  CeremonyPhase,
  CountedUse,
  GuardianPlan,
  GuardianStore,
  KeyName,
  StoredAdmissions,
  StoredCeremony,
  StoredKey,
  StoredShare,
} from './guardians/ports.ts';
export type { FoundPointer, IncompleteReason, Location } from './location.ts';
export type { LocatorOptions, PatientMatch, PublishedPatient } from './locator.ts';
export type { LocatorErrorCode } from './locator-error.ts';
export type {
  DueSubject,
  LocatedNetwork,
  LocatorStore,
  PatientTag,
  PointerClaim,
  PointerKey,
  PointerState,
  ReferenceStore,
  StoredLocation,
  StoredPointer,
  StoredReference,
  StoredTag,
  TaggedPatient,
  TagKey,
  TagRecipe,
} from './ports.ts';
export type { PatientOutcome } from './publisher.ts';
export type { LocateQuery, Person, Recipe, TypedIdentifier } from './recipes.ts';
export type { PatientReference, ReferencePublisherOptions } from './reference-publisher.ts';
export type { Epoch, EpochTags, TagRequest, TagSource } from './tag-source.ts';
