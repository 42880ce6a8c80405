/**
 * What records needs from a database. Everything that these stores hold is sealed, a random id, a keyed token or one of:
 * resource type, version number, time of recording, listing. Methods take arrays, so that a bundle of a thousand
 * resources costs about ten statements. Arrays may be empty: then nothing is done. The order of answers is not defined
 * unless a method says so, and what is unknown is left out.
 */
import type { Listing, Transaction } from '@carecord/core';

/** A patient of this hospital. */
export interface StoredPatient {
  /** Internal id (UUID). */
  readonly id: string;
  /** Keyed token of the FHIR logical id, 32 bytes, unique. */
  readonly logicalToken: Uint8Array;
  readonly listing: Listing;
  /** The hospitals that the listing names, sealed; undefined: none. */
  readonly sealedHospitals?: Uint8Array;
  readonly createdAt: Date;
}

/** A patient that an admission concerns, named by the token of the FHIR logical id. */
export interface PatientClaim {
  /** 32 bytes; no two claims of a call have the same. */
  readonly logicalToken: Uint8Array;
  /** What to store if the hospital does not have this patient; without it, the patient must exist. */
  readonly create?: { readonly id: string; readonly listing: Listing; readonly createdAt: Date };
}

/** The identifier tokens that a patient has from now on. */
export interface PatientIdentifierTokens {
  readonly patientId: string;
  /** Keyed tokens of (system, value), 32 bytes each, no two alike. */
  readonly tokens: readonly Uint8Array[];
}

/** One resource that gets one more version. */
export interface RecordClaim {
  /** Internal id (UUID) if the record is new. */
  readonly id: string;
  /** Keyed token of (resource type, FHIR logical id), 32 bytes, unique; no two claims of a call have the same. */
  readonly logicalToken: Uint8Array;
  readonly resourceType: string;
  /** Internal id of the patient whose record it is; undefined for a resource of the hospital's directory. */
  readonly patientId?: string;
}

/** The record of a claim, as it stands: the one that existed, or the new one. */
export interface ClaimedRecord extends RecordClaim {
  /** The version that the claimer is to insert: 1 for a new record, else one more than the last. */
  readonly versionNumber: number;
}

/** One immutable version: the envelope and where it belongs. */
export interface StoredVersion {
  readonly recordId: string;
  readonly versionNumber: number;
  readonly resourceType: string;
  /** Undefined for a resource of the hospital's directory. */
  readonly patientId?: string;
  /** CIDv1 of the ciphertext, unique. */
  readonly contentId: string;
  /** The sealed resource, up to about 10 MiB. */
  readonly ciphertext: Uint8Array;
  /** The data key, wrapped by the patient key or the directory key. */
  readonly wrappedDataKey: Uint8Array;
  readonly recordedAt: Date;
}

/** A version without its ciphertext: all that is needed to release its key. */
export type StoredVersionHeader = Omit<StoredVersion, 'ciphertext'>;

/** A patient's sealed list of versions; the newest replaces the one before. */
export interface StoredManifest {
  readonly patientId: string;
  /** 1, 2, 3 …: one more with each change. */
  readonly sequence: number;
  /** CIDv1 of the ciphertext. */
  readonly contentId: string;
  readonly ciphertext: Uint8Array;
  readonly wrappedDataKey: Uint8Array;
  readonly recordedAt: Date;
}

/** The current version of a directory resource, with the token under which it was asked for. */
export interface DirectoryVersion extends StoredVersion {
  readonly logicalToken: Uint8Array;
}

/** Patients, records, versions and manifests. */
export interface RecordStore {
  /**
   * Gets or creates patients and locks their rows until the transaction ends. First the new ones are inserted, in the
   * order of their tokens (on conflict nothing: a rival's row wins), then all are locked, in the order of their ids:
   * this order keeps two admissions from waiting for each other.
   * @returns the patients that exist now; one that did not exist and had no `create` is left out
   */
  claimPatients(transaction: Transaction, claims: readonly PatientClaim[]): Promise<StoredPatient[]>;
  /** Locks the rows of patients until the transaction ends, in the order of their ids. */
  lockPatients(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatient[]>;
  /** Committed patients by internal id. */
  findPatients(patientIds: readonly string[]): Promise<StoredPatient[]>;
  /** Changes to whom a patient is listed; the caller holds the patient's lock. */
  setListing(transaction: Transaction, patientId: string, listing: Listing, sealedHospitals?: Uint8Array): Promise<void>;

  /** Replaces all identifier tokens of the patients named; the caller holds their locks. */
  replaceIdentifierTokens(transaction: Transaction, entries: readonly PatientIdentifierTokens[]): Promise<void>;
  /** Internal ids of the patients who have this identifier token, oldest patient first. */
  findPatientIds(identifierToken: Uint8Array): Promise<string[]>;

  /**
   * Gets or creates records, each with its version counter moved on by one, and locks their rows, in the order of their
   * tokens (one `insert … on conflict do update … returning`). A record that exists keeps its id, type and patient,
   * which may differ from the claim's: the caller compares.
   */
  claimRecords(transaction: Transaction, claims: readonly RecordClaim[]): Promise<ClaimedRecord[]>;
  /** Adds versions of claimed records. A version or content id that exists already fails the transaction. */
  insertVersions(transaction: Transaction, versions: readonly StoredVersion[]): Promise<void>;
  /** Committed versions by content id. */
  findVersions(contentIds: readonly string[]): Promise<StoredVersion[]>;
  /** The same without reading the ciphertexts. */
  findVersionHeaders(contentIds: readonly string[]): Promise<StoredVersionHeader[]>;
  /** Committed newest versions of directory records (those without a patient), by the token of their logical id. */
  findDirectoryVersions(logicalTokens: readonly Uint8Array[]): Promise<DirectoryVersion[]>;

  /** Stores each patient's manifest in place of the one before; the caller holds the patients' locks. */
  putManifests(transaction: Transaction, manifests: readonly StoredManifest[]): Promise<void>;
  /** Manifests of patients: as the transaction sees them if one is given, else as committed. */
  findManifests(patientIds: readonly string[], transaction?: Transaction): Promise<StoredManifest[]>;

  /** Every version of a patient's records without its ciphertext, as the transaction sees them; the caller holds the patient's lock. */
  findPatientVersions(transaction: Transaction, patientId: string): Promise<StoredVersionHeader[]>;
  /** Writes the wrapped data keys of versions that exist, by content id, and nothing else; the caller holds the patients' locks. */
  replaceVersionKeys(transaction: Transaction, versions: readonly RewrappedVersionKey[]): Promise<void>;
  /** Writes the wrapped data key of a patient's manifest, and nothing else; the caller holds the patient's lock. */
  replaceManifestKey(transaction: Transaction, patientId: string, wrappedDataKey: Uint8Array): Promise<void>;
}

/** A version's data key under another key of its patient. */
export type RewrappedVersionKey = Pick<StoredVersion, 'contentId' | 'wrappedDataKey'>;

/** A span between two erasures: its key wraps the patient keys, and each erasure replaces it. */
export interface ErasureEpoch {
  /** 1, 2, 3 …: never used again. */
  readonly number: number;
  /** The root key of the key holder that wraps the epoch key. */
  readonly rootKeyId: string;
  /** The epoch key, wrapped by the key holder. */
  readonly wrappedKey: Uint8Array;
  readonly createdAt: Date;
}

/** A patient's key, wrapped by an epoch key. */
export interface WrappedPatientKey {
  readonly patientId: string;
  /** Counts the patient's keys: 1, and one more whenever a new key takes the place of the one before. */
  readonly number: number;
  readonly epochNumber: number;
  readonly wrappedKey: Uint8Array;
  /** When this key was made, not when it was wrapped. */
  readonly createdAt: Date;
}

/** A patient's key with the epoch that wraps it: all that is needed to open it, in one round trip. */
export interface StoredPatientKey extends WrappedPatientKey {
  readonly epoch: ErasureEpoch;
}

/** Some patients, in the order of their ids. */
export interface PatientPage {
  /** Those with a higher id; without it, from the beginning. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Patient keys and erasure epochs: kept apart from the records (a schema of its own), because erasure depends on it. */
export interface PatientKeyStore {
  /** The epochs that exist, oldest first: as the transaction sees them if one is given, else as committed. */
  epochs(transaction?: Transaction): Promise<ErasureEpoch[]>;
  /** The epoch with the highest number, which is then not deleted before the transaction ends. */
  currentEpoch(transaction: Transaction): Promise<ErasureEpoch | undefined>;
  /** Until the transaction ends nobody else makes, re-wraps or deletes an epoch; using those that exist goes on. */
  lockEpochs(transaction: Transaction): Promise<void>;
  /**
   * Stores an epoch unless one of that number exists; two callers at once get the same answer.
   * @returns the epoch of that number that is stored now: the candidate or a rival's
   */
  createEpoch(transaction: Transaction, candidate: ErasureEpoch): Promise<ErasureEpoch>;
  /** Writes root key and wrapped key of an epoch that exists. */
  updateEpoch(transaction: Transaction, epoch: ErasureEpoch): Promise<void>;
  /**
   * Deletes the epochs with a lower number under which no patient key lies, wrapped keys and all. It waits for transactions
   * that have such an epoch as their current one.
   * @returns how many with a lower number are left
   */
  deleteUnusedEpochs(transaction: Transaction, below: number): Promise<number>;

  /** Adds keys; a patient who has one already fails the transaction (the caller holds the patients' locks). */
  insertPatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void>;
  /** Keys of patients, each with its epoch, all read at one instant: as the transaction sees them if one is given, else as committed. */
  findPatientKeys(patientIds: readonly string[], transaction?: Transaction): Promise<StoredPatientKey[]>;
  /** The same, locked until the transaction ends. */
  lockPatientKeys(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatientKey[]>;
  /** The next keys that lie under an epoch with a lower number, in the order of their patients' ids, locked until the transaction ends. */
  lockKeysOfOldEpochs(transaction: Transaction, below: number, page: PatientPage): Promise<StoredPatientKey[]>;
  /** Puts keys in the place of those that the patients have; the caller has locked them. */
  replacePatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void>;
  /** Ids of patients who have a key, in their order, as committed. */
  patientsWithKeys(page: PatientPage): Promise<string[]>;
  /** How many patients have a key, as the transaction sees them. */
  countPatientKeys(transaction: Transaction, where?: { readonly epochBelow: number }): Promise<number>;
}
