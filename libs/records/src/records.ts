import { CarecordError, newId } from '@carecord/core';
import type { Clock, Listing, Outbox, PatientListing, Transaction, TransactionRunner } from '@carecord/core';
import type { AuditActor, AuditEntry, AuditEventType, AuditLog } from '@carecord/audit';
import { constantTimeEqual } from '@carecord/crypto';
import { prepareBundle } from '@carecord/fhir';
import type { FhirResource, Identifier, PreparedResource } from '@carecord/fhir';
import type { KeyHolder } from '@carecord/keys';
import { admitResources, PATIENT_CHANGED } from './admission.ts';
import type { Admission, AdmissionDependencies, AdmittedVersion } from './admission.ts';
import { openCurrentRecords, readCompartment, unknownPatient } from './compartment.ts';
import type { OpenedRecord } from './compartment.ts';
import { KeyHierarchy } from './key-hierarchy.ts';
import { checkedHospitals, NamedHospitals } from './named-hospitals.ts';
import type { PatientKeyStore, RecordStore, StoredPatient } from './ports.ts';
import { RecordsError } from './records-error.ts';
import { releasableVersions } from './release.ts';
import type { ReleasableVersion } from './release.ts';
import { newestFirst } from './timeline.ts';
import { BlindTokens } from './tokens.ts';

/** What {@link Records} needs from outside. */
export interface RecordsDependencies {
  readonly stores: RecordStore;
  readonly keys: PatientKeyStore;
  readonly transactions: TransactionRunner;
  readonly audit: AuditLog;
  readonly outbox: Outbox;
  /** Keeps the root keys, which wrap the epoch keys. */
  readonly holder: KeyHolder;
  /** Wraps the data keys of the hospital's directory, 32 bytes. */
  readonly directoryKey: Uint8Array;
  /** Makes the blind tokens, 32 bytes: with another one nothing that is stored is found. */
  readonly indexKey: Uint8Array;
  readonly clock: Clock;
}

/**
 * A hospital's own records: sealed on their way in, opened on their way out. Changes leave their audit event in the
 * same transaction; reading leaves none, because only the caller knows who reads and why. What opens or seals anything of
 * a patient asks the key holder, whose errors (KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`) come through.
 */
export class Records {
  private readonly dependencies: AdmissionDependencies;
  private readonly transactions: TransactionRunner;
  private readonly audit: AuditLog;
  private readonly named: NamedHospitals;

  constructor({ stores, keys, transactions, audit, outbox, holder, directoryKey, indexKey, clock }: RecordsDependencies) {
    const hierarchy = new KeyHierarchy({ store: keys, holder, clock });
    this.dependencies = { stores, keys: hierarchy, directoryKey, tokens: new BlindTokens(indexKey), outbox, clock };
    this.named = new NamedHospitals(directoryKey);
    this.transactions = transactions;
    this.audit = audit;
  }

  /**
   * Admits a FHIR R4 bundle: all of it in one transaction, or nothing but an audit event that says so.
   * @param bundle parsed JSON
   * @param options `listing`: of patients whom the hospital does not have yet
   * @throws FhirError when the bundle is not valid
   * @throws RecordsError as {@link admitResources}
   */
  async admit(bundle: unknown, options: { readonly actor: AuditActor; readonly listing: Listing }): Promise<Admission> {
    try {
      const resources = prepareBundle(bundle);
      const epochs = await this.dependencies.keys.openEpochs();
      return await this.transactions.run(async (transaction) => {
        const admission = await admitResources(this.dependencies, transaction, resources, { listing: options.listing, epochs });
        await this.audit.appendAll(transaction, admissionEntries(admission, options.actor));
        return admission;
      });
    } catch (error) {
      if (error instanceof CarecordError) await this.recordRefusal(options.actor, (error as CarecordError).code);
      throw error;
    }
  }

  /** Internal ids of the patients who have the identifier (in its canonical form), those known longest first. */
  findPatients(identifier: Identifier): Promise<string[]> {
    return this.dependencies.stores.findPatientIds(this.dependencies.tokens.identifier(identifier));
  }

  /**
   * The current Patient resource.
   * @throws RecordsError `UNKNOWN_PATIENT`, or as {@link timeline}
   */
  async readPatient(patientId: string): Promise<FhirResource> {
    const [patient] = await this.openRecords(patientId, ['Patient']);
    if (patient === undefined) throw unknownPatient();
    return patient.resource;
  }

  /**
   * The patient's FHIR logical id, as in `Patient/<id>`.
   * @throws RecordsError `UNKNOWN_PATIENT`, `KEY_MISSING`, `KEY_TAMPERED` or `CIPHERTEXT_TAMPERED`
   */
  fhirPatientId(patientId: string): Promise<string> {
    return readCompartment(this.dependencies, patientId, ({ manifest }) => manifest.fhirPatientId);
  }

  /**
   * The current versions of the patient's records, by clinical date, newest first; those without a date come last.
   * @throws RecordsError `UNKNOWN_PATIENT`; `KEY_MISSING`, `KEY_TAMPERED`, `CIPHERTEXT_TAMPERED` or `VERSION_MISSING`
   *   when what is stored is not what was written
   */
  async timeline(patientId: string, options: { readonly resourceTypes?: readonly string[] } = {}): Promise<OpenedRecord[]> {
    return newestFirst(await this.openRecords(patientId, options.resourceTypes));
  }

  /**
   * The patient's current Consent resources, whatever their status.
   * @throws RecordsError as {@link timeline}
   */
  async consents(patientId: string): Promise<FhirResource[]> {
    return (await this.openRecords(patientId, ['Consent'])).map(({ resource }) => resource);
  }

  /**
   * Adds a version of one resource of a patient, such as a Consent: the first, or one more if the id is known.
   * @param resource without an id it gets one
   * @param auditType what the event in the log says was done
   * @throws FhirError when the resource is not valid
   * @throws RecordsError `UNKNOWN_PATIENT`, `WRONG_PATIENT`, or as {@link admitResources}
   */
  async putResource(patientId: string, resource: FhirResource, actor: AuditActor, auditType: AuditEventType): Promise<AdmittedVersion> {
    const resources = prepareBundle(bundleOf(resource));
    const epochs = await this.dependencies.keys.openEpochs();
    return this.transactions.run(async (transaction) => {
      const patient = await this.lockPatient(transaction, patientId);
      this.requireOwned(resources, patient);
      const { versions } = await admitResources(this.dependencies, transaction, resources, { listing: patient.listing, epochs });
      const version = versions[0] as AdmittedVersion;
      const detail = { resourceType: version.resourceType, versionId: version.versionId };
      await this.audit.append(transaction, { type: auditType, outcome: 'success', actor, patientId, detail });
      return version;
    });
  }

  /**
   * The current versions of the patient's records with their data keys, and of the directory resources to which they
   * refer: what a grant can give away.
   * @param options `resourceTypes`: which of the patient's records; the directory's come along whatever their type
   * @throws RecordsError as {@link timeline}
   */
  releasable(patientId: string, options: { readonly resourceTypes?: readonly string[] } = {}): Promise<ReleasableVersion[]> {
    return readCompartment(this.dependencies, patientId, (compartment) => releasableVersions(this.dependencies, compartment, options.resourceTypes));
  }

  /** The ciphertexts of versions by content id, in the order of the ids; undefined where there is none. The caller authorises. */
  async readBlocks(contentIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const versions = await this.dependencies.stores.findVersions([...new Set(contentIds)]);
    const ciphertexts = new Map(versions.map(({ contentId, ciphertext }) => [contentId, ciphertext]));
    return contentIds.map((contentId) => ciphertexts.get(contentId));
  }

  /**
   * The content id of the patient's sealed manifest, and how often it has changed.
   * @throws RecordsError `UNKNOWN_PATIENT`
   */
  async manifest(patientId: string): Promise<{ contentId: string; sequence: number }> {
    const [manifest] = await this.dependencies.stores.findManifests([patientId]);
    if (manifest === undefined) throw unknownPatient();
    return { contentId: manifest.contentId, sequence: manifest.sequence };
  }

  /** {@link manifest} of many patients; those that are not known are left out. */
  async manifests(patientIds: readonly string[]): Promise<{ patientId: string; contentId: string }[]> {
    const manifests = await this.dependencies.stores.findManifests(patientIds);
    return manifests.map(({ patientId, contentId }) => ({ patientId, contentId }));
  }

  /**
   * Whether other hospitals can find the patient.
   * @throws RecordsError `UNKNOWN_PATIENT`
   */
  async patientListing(patientId: string): Promise<Listing> {
    const [patient] = await this.dependencies.stores.findPatients([patientId]);
    if (patient === undefined) throw unknownPatient();
    return patient.listing;
  }

  /**
   * {@link patientListing} with the hospitals that it names, as the hospital has set it: consents may say otherwise.
   * @throws RecordsError `UNKNOWN_PATIENT`
   */
  async namedListing(patientId: string): Promise<PatientListing> {
    const [patient] = await this.dependencies.stores.findPatients([patientId]);
    if (patient === undefined) throw unknownPatient();
    return { listing: patient.listing, hospitals: this.named.open(patient).map((did) => ({ did })) };
  }

  /**
   * Lists the patient to all members, to named hospitals or to nobody; nothing happens when it is so already.
   * @param hospitals with `named`: their DIDs
   * @throws RecordsError `UNKNOWN_PATIENT`, `LISTING_INVALID`
   */
  async setListing(patientId: string, listing: Listing, actor: AuditActor, hospitals: readonly string[] = []): Promise<void> {
    const named = checkedHospitals(listing, hospitals);
    await this.transactions.run(async (transaction) => {
      const patient = await this.lockPatient(transaction, patientId);
      if (patient.listing === listing && this.named.open(patient).join() === named.join()) return;
      await this.dependencies.stores.setListing(transaction, patientId, listing, this.named.seal(patientId, named));
      await this.dependencies.outbox.enqueue(transaction, PATIENT_CHANGED, { patientId });
      await this.audit.append(transaction, { type: 'listing-changed', outcome: 'success', actor, patientId, detail: { listing, hospitals: named.length } });
    });
  }

  private openRecords(patientId: string, resourceTypes?: readonly string[]): Promise<OpenedRecord[]> {
    return readCompartment(this.dependencies, patientId, (compartment) => openCurrentRecords(this.dependencies, compartment, resourceTypes));
  }

  private async lockPatient(transaction: Transaction, patientId: string): Promise<StoredPatient> {
    const [patient] = await this.dependencies.stores.lockPatients(transaction, [patientId]);
    if (patient === undefined) throw unknownPatient();
    return patient;
  }

  private requireOwned(resources: readonly PreparedResource[], { logicalToken }: StoredPatient): void {
    for (const { owner } of resources) {
      const token = owner.kind === 'patient' ? this.dependencies.tokens.logicalId('Patient', owner.patientId) : undefined;
      if (token === undefined || !constantTimeEqual(token, logicalToken)) {
        throw new RecordsError('WRONG_PATIENT', 'The resource does not belong to this patient.');
      }
    }
  }

  private async recordRefusal(actor: AuditActor, reasonCode: string): Promise<void> {
    await this.transactions.run((transaction) =>
      this.audit.append(transaction, { type: 'bundle-refused', outcome: 'refused', actor, reasonCode }),
    );
  }
}

/** One event a patient, so that each patient's trail has it; one without a patient for a bundle of the directory alone. */
function admissionEntries({ patients, versions }: Admission, actor: AuditActor): AuditEntry[] {
  const event = { type: 'bundle-admitted', outcome: 'success', actor } as const;
  if (patients.length === 0) return [{ ...event, detail: { versions: versions.length } }];
  const counts = new Map<string, number>();
  for (const { patientId } of versions) if (patientId !== undefined) counts.set(patientId, (counts.get(patientId) ?? 0) + 1);
  return patients.map((patientId) => ({ ...event, patientId, detail: { versions: counts.get(patientId) ?? 0 } }));
}

/** A single resource takes the way of a bundle, so that it is validated and placed by the same rules. */
function bundleOf(resource: FhirResource): FhirResource {
  const id = resource.id ?? newId();
  const request = { method: 'PUT', url: `${resource.resourceType}/${id}` };
  return { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: { ...resource, id }, request }] };
}
