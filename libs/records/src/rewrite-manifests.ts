import type { Transaction } from '@carecord/core';
import type { PreparedResource } from '@carecord/fhir';
import type { ClaimedPatient } from './claim-patients.ts';
import { patientKeyOf } from './key-hierarchy.ts';
import { openManifest, sealManifest } from './manifest.ts';
import type { Manifest, ManifestEntry } from './manifest.ts';
import type { RecordStore, StoredManifest, StoredVersion } from './ports.ts';
import { RecordsError } from './records-error.ts';

/** A prepared resource and the version that it became. */
export interface SealedResource {
  readonly prepared: PreparedResource;
  readonly version: StoredVersion;
}

/**
 * Adds new versions to the manifests of patients whose rows the transaction has locked: all manifests are read in one
 * statement and stored in one.
 * @param patients by FHIR logical id
 * @throws RecordsError `VERSION_MISSING`, `CIPHERTEXT_TAMPERED` or `KEY_TAMPERED` when the manifest before cannot be continued
 */
export async function rewriteManifests(
  stores: RecordStore,
  transaction: Transaction,
  patients: ReadonlyMap<string, ClaimedPatient>,
  patientKeys: ReadonlyMap<string, Uint8Array>,
  sealed: readonly SealedResource[],
  recordedAt: Date,
): Promise<void> {
  if (patients.size === 0) return;
  const stored = await stores.findManifests([...patients.values()].map(({ id }) => id), transaction);
  const before = new Map(stored.map((manifest) => [manifest.patientId, manifest]));
  const added = Map.groupBy(sealed, ({ version }) => version.patientId);
  const manifests = [...patients].map(([fhirPatientId, patient]) => {
    const key = patientKeyOf(patientKeys, patient.id);
    const previous = before.get(patient.id);
    const { entries } = previousManifest(key, previous, patient, fhirPatientId);
    const manifest = { fhirPatientId, entries: [...entries, ...(added.get(patient.id) ?? []).map(manifestEntry)] };
    return sealManifest(key, manifest, { patientId: patient.id, sequence: (previous?.sequence ?? 0) + 1, recordedAt });
  });
  await stores.putManifests(transaction, manifests);
}

/** To begin anew when a known patient's manifest is gone would quietly lose all earlier versions. */
function previousManifest(key: Uint8Array, stored: StoredManifest | undefined, { isNew }: ClaimedPatient, fhirPatientId: string): Manifest {
  if (stored !== undefined) return openManifest(key, stored);
  if (isNew) return { fhirPatientId, entries: [] };
  throw new RecordsError('VERSION_MISSING', "The patient's manifest is not stored any more.");
}

function manifestEntry({ prepared, version }: SealedResource): ManifestEntry {
  return {
    recordId: version.recordId,
    versionNumber: version.versionNumber,
    resourceType: version.resourceType,
    contentId: version.contentId,
    recordedAt: version.recordedAt.getTime(),
    clinicalDate: prepared.clinicalDate ?? null,
    directoryReferences: prepared.directoryReferences,
  };
}
