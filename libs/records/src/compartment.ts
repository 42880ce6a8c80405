import type { FhirResource } from '@carecord/fhir';
import { isKeyTampered } from './epoch-keys.ts';
import { keyMissing } from './key-hierarchy.ts';
import type { KeyHierarchy } from './key-hierarchy.ts';
import { currentEntries, openManifest } from './manifest.ts';
import type { Manifest, ManifestEntry } from './manifest.ts';
import type { RecordStore, StoredVersionHeader } from './ports.ts';
import { ciphertextTampered } from './envelope.ts';
import { RecordsError } from './records-error.ts';
import { openVersion } from './version.ts';

/** One patient's records, opened for one call: the patient's key and the manifest. */
export interface Compartment {
  readonly patientKey: Uint8Array;
  readonly manifest: Manifest;
}

/** A current version of a record, opened. */
export interface OpenedRecord {
  readonly recordId: string;
  readonly versionNumber: number;
  readonly resourceType: string;
  /** When what it tells happened, as it stands in the resource. */
  readonly clinicalDate?: string;
  readonly resource: FhirResource;
}

/** What reading needs. */
export interface ReadingDependencies {
  readonly stores: RecordStore;
  readonly keys: KeyHierarchy;
  /** Wraps the data keys of the hospital's directory, 32 bytes. */
  readonly directoryKey: Uint8Array;
}

/** A patient's key is replaced once a job: who finds it replaced this often reads something else than what was written. */
const MAX_ATTEMPTS = 5;

/**
 * Opens a patient's manifest and reads what it leads to. Should the patient's keys be replaced in the middle, it begins
 * anew: what was read before the change does not open with what was read after it.
 * @param read only reads, and may run more than once
 * @throws RecordsError `UNKNOWN_PATIENT`, `KEY_MISSING`, `KEY_TAMPERED` or `CIPHERTEXT_TAMPERED`; what `read` throws
 */
export async function readCompartment<Result>(
  { stores, keys }: ReadingDependencies,
  patientId: string,
  read: (compartment: Compartment) => Result | Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    // The key before everything else: what is replaced after this differs from it, and is noticed.
    const opened = await keys.patientKey(patientId);
    const [stored] = await stores.findManifests([patientId]);
    if (stored === undefined) throw unknownPatient();
    if (opened === undefined) {
      // Admitted between the two questions, or erased.
      if (attempt === 1) continue;
      throw keyMissing();
    }
    try {
      return await read({ patientKey: opened.key, manifest: openManifest(opened.key, stored) });
    } catch (error) {
      if (!isKeyTampered(error) || attempt === MAX_ATTEMPTS || !(await keys.hasChanged(opened))) throw error;
    }
  }
}

/**
 * Opens the current versions of a patient's records, in the order in which the records came.
 * @param resourceTypes only these; all without it
 * @throws RecordsError `VERSION_MISSING`, `KEY_TAMPERED` or `CIPHERTEXT_TAMPERED`
 */
export async function openCurrentRecords(
  { stores }: ReadingDependencies,
  { patientKey, manifest }: Compartment,
  resourceTypes?: readonly string[],
): Promise<OpenedRecord[]> {
  const entries = currentEntries(manifest, resourceTypes);
  if (entries.length === 0) return [];
  const versions = byContentId(await stores.findVersions(entries.map(({ contentId }) => contentId)));
  return entries.map((entry) => {
    const resource = openVersion(patientKey, versionOf(entry, versions));
    const { recordId, versionNumber, resourceType, clinicalDate } = entry;
    return { recordId, versionNumber, resourceType, resource, ...(clinicalDate === null ? {} : { clinicalDate }) };
  });
}

/** Stored versions by content id. */
export function byContentId<Version extends StoredVersionHeader>(versions: readonly Version[]): ReadonlyMap<string, Version> {
  return new Map(versions.map((version) => [version.contentId, version]));
}

/**
 * The stored version that a manifest entry names.
 * @throws RecordsError `VERSION_MISSING`; `CIPHERTEXT_TAMPERED` when the row says that it is another record's
 */
export function versionOf<Version extends StoredVersionHeader>(entry: ManifestEntry, versions: ReadonlyMap<string, Version>): Version {
  const version = versions.get(entry.contentId);
  if (version === undefined) throw new RecordsError('VERSION_MISSING', 'A version that the manifest names is not stored any more.');
  const same = version.recordId === entry.recordId && version.versionNumber === entry.versionNumber && version.resourceType === entry.resourceType;
  if (!same) throw ciphertextTampered();
  return version;
}

/** The error for an internal id that no patient has. */
export function unknownPatient(): RecordsError {
  return new RecordsError('UNKNOWN_PATIENT', 'This hospital has no such patient.');
}
