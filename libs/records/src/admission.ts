import type { Clock, Listing, Outbox, Transaction } from '@carecord/core';
import { patientIdentifiers } from '@carecord/fhir';
import type { PreparedResource } from '@carecord/fhir';
import { claimPatients } from './claim-patients.ts';
import { claimRecords } from './claim-records.ts';
import { CONSENT_CHANGED, patientsWithNarrowedConsent } from './consent-changes.ts';
import type { EpochKeys } from './epoch-keys.ts';
import { patientKeyOf } from './key-hierarchy.ts';
import type { KeyHierarchy } from './key-hierarchy.ts';
import type { ClaimedRecord, RecordStore, StoredVersion } from './ports.ts';
import { rewriteManifests } from './rewrite-manifests.ts';
import type { SealedResource } from './rewrite-manifests.ts';
import type { BlindTokens } from './tokens.ts';
import { sealVersion } from './version.ts';

/** Outbox topic `{ patientId }`: the patient's manifest, identifiers or listing changed, so what is published must follow. */
export const PATIENT_CHANGED = 'patient-changed';

/** One version that an admission made. */
export interface AdmittedVersion {
  readonly resourceType: string;
  /** FHIR logical id. */
  readonly id: string;
  /** FHIR `meta.versionId`: the version number. */
  readonly versionId: string;
  /** Internal id of the patient; undefined for a resource of the hospital's directory. */
  readonly patientId?: string;
}

/** What an admission made. */
export interface Admission {
  /** Internal ids of the patients that it concerned, each once. */
  readonly patients: string[];
  /** One a resource, in the bundle's order. */
  readonly versions: AdmittedVersion[];
  /** Internal ids of the patients of whom a Consent may say less than before, each once: what was granted to others about them must end. */
  readonly consentsNarrowed: string[];
}

/** What an admission needs. */
export interface AdmissionDependencies {
  readonly stores: RecordStore;
  readonly keys: KeyHierarchy;
  /** Wraps the data keys of the hospital's directory, 32 bytes. */
  readonly directoryKey: Uint8Array;
  readonly tokens: BlindTokens;
  readonly outbox: Outbox;
  readonly clock: Clock;
}

/**
 * Seals prepared resources and stores them with all that belongs to them, in the caller's transaction; the audit event
 * is the caller's, afterwards. The number of statements grows with the patients (one or two outbox entries each), not with
 * the resources.
 * @param options `listing`: for patients whom the hospital did not have, the others keep theirs; `epochs`: opened before the transaction
 * @throws RecordsError `UNKNOWN_PATIENT_REFERENCE`, `FHIR_ID_TAKEN`, `DUPLICATE_RESOURCE`; `KEY_MISSING`, `KEY_TAMPERED`,
 *   `VERSION_MISSING` or `CIPHERTEXT_TAMPERED` when what is stored of a known patient cannot be continued
 */
export async function admitResources(
  dependencies: AdmissionDependencies,
  transaction: Transaction,
  resources: readonly PreparedResource[],
  { listing, epochs }: { readonly listing: Listing; readonly epochs: EpochKeys },
): Promise<Admission> {
  const { stores, keys, directoryKey, outbox, clock } = dependencies;
  const recordedAt = clock.now();
  const patients = await claimPatients(dependencies, transaction, resources, { listing, createdAt: recordedAt });
  const records = await claimRecords(dependencies, transaction, resources, patients);
  const patientKeys = await keys.keysForAdmission(transaction, [...patients.values()], epochs);

  const sealed = resources.map((prepared, index): SealedResource => {
    const record = records[index] as ClaimedRecord;
    const ownerKey = record.patientId === undefined ? directoryKey : patientKeyOf(patientKeys, record.patientId);
    return { prepared, version: sealRecord(ownerKey, prepared, record, recordedAt) };
  });
  await stores.insertVersions(transaction, sealed.map(({ version }) => version));
  await rewriteManifests(stores, transaction, patients, patientKeys, sealed, recordedAt);
  await replaceIdentifiers(dependencies, transaction, sealed);

  const patientIds = [...patients.values()].map(({ id }) => id);
  for (const patientId of patientIds) await outbox.enqueue(transaction, PATIENT_CHANGED, { patientId });
  const consentsNarrowed = patientsWithNarrowedConsent(sealed);
  for (const patientId of consentsNarrowed) await outbox.enqueue(transaction, CONSENT_CHANGED, { patientId });
  return { patients: patientIds, versions: sealed.map(admittedVersion), consentsNarrowed };
}

function sealRecord(ownerKey: Uint8Array, { resource }: PreparedResource, record: ClaimedRecord, recordedAt: Date): StoredVersion {
  const { id: recordId, versionNumber, resourceType, patientId } = record;
  const binding = { recordId, versionNumber, resourceType };
  const envelope = sealVersion(ownerKey, resource, binding, recordedAt);
  return { ...binding, ...envelope, recordedAt, ...(patientId === undefined ? {} : { patientId }) };
}

async function replaceIdentifiers(
  { stores, tokens }: AdmissionDependencies,
  transaction: Transaction,
  sealed: readonly SealedResource[],
): Promise<void> {
  const entries = sealed.flatMap(({ prepared: { resource }, version: { patientId } }) => {
    if (resource.resourceType !== 'Patient' || patientId === undefined) return [];
    return { patientId, tokens: tokens.identifiers(patientIdentifiers(resource)) };
  });
  if (entries.length > 0) await stores.replaceIdentifierTokens(transaction, entries);
}

function admittedVersion({ prepared: { resource }, version: { patientId, versionNumber } }: SealedResource): AdmittedVersion {
  const { resourceType, id } = resource;
  return { resourceType, id, versionId: String(versionNumber), ...(patientId === undefined ? {} : { patientId }) };
}
