/**
 * A hospital's own records: admission, sealing, versions, the key hierarchy, blind indexes, and what a release needs.
 *
 * @example
 * const records = new Records({ stores, keys, transactions, audit, outbox, holder, directoryKey, indexKey, clock: systemClock });
 * const { patients: [patientId] } = await records.admit(bundle, { actor, listing: 'listed' });
 * const timeline = await records.timeline(patientId, { resourceTypes: ['Observation'] });
 */
export { PATIENT_CHANGED } from './admission.ts';
export { CONSENT_CHANGED } from './consent-changes.ts';
export { Records } from './records.ts';
export { REWRAP_LEVELS, REWRAP_STATES } from './rewrap-job.ts';
export { KeyRewrapping } from './rewrap/key-rewrapping.ts';
export { RecordsError } from './records-error.ts';
export { newestFirst } from './timeline.ts';
export { openRelease } from './version.ts';
export type { Admission, AdmittedVersion } from './admission.ts';
export type { OpenedRecord } from './compartment.ts';
export type { EnvelopeBinding } from './envelope.ts';
export type {
  ClaimedRecord,
  DirectoryVersion,
  ErasureEpoch,
  PatientClaim,
  PatientIdentifierTokens,
  PatientPage,
  PatientKeyStore,
  RecordClaim,
  RecordStore,
  RewrappedVersionKey,
  StoredManifest,
  StoredPatient,
  StoredPatientKey,
  StoredVersion,
  StoredVersionHeader,
  WrappedPatientKey,
} from './ports.ts';
export type { RecordsDependencies } from './records.ts';
export type { RecordsErrorCode } from './records-error.ts';
export type { ReleasableVersion } from './release.ts';
export type { RewrapJob, RewrapJobStore, RewrapLevel, RewrapState } from './rewrap-job.ts';
export type { KeyRewrappingDependencies, RootKeyInfo } from './rewrap/key-rewrapping.ts';
export type { NodeKeys } from './rewrap/root-level.ts';
