import type { Listing, Transaction } from '@carecord/core';
import type {
  ClaimedRecord,
  DirectoryVersion,
  PatientClaim,
  PatientIdentifierTokens,
  RecordClaim,
  RecordStore,
  RewrappedVersionKey,
  StoredManifest,
  StoredPatient,
  StoredVersion,
  StoredVersionHeader,
} from '@carecord/records';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** The tables; rows are replaced, never changed. Tokens are keys as hex. */
interface RecordTables {
  readonly patients: Map<string, StoredPatient>;
  readonly identifierTokens: Map<string, readonly string[]>;
  readonly records: Map<string, ClaimedRecord>;
  readonly versions: Map<string, StoredVersion>;
  readonly manifests: Map<string, StoredManifest>;
}

const noTables = (): RecordTables => ({
  patients: new Map(),
  identifierTokens: new Map(),
  records: new Map(),
  versions: new Map(),
  manifests: new Map(),
});

const copyTables = (tables: RecordTables): RecordTables => ({
  patients: new Map(tables.patients),
  identifierTokens: new Map(tables.identifierTokens),
  records: new Map(tables.records),
  versions: new Map(tables.versions),
  manifests: new Map(tables.manifests),
});

const hex = (token: Uint8Array): string => Buffer.from(token).toString('hex');

/** Patients, records, versions and manifests in memory. Transactions run one at a time, so rows need no locks. */
export class MemoryRecordStore implements RecordStore {
  private readonly state = new MemoryState<RecordTables>(noTables(), copyTables);

  claimPatients(transaction: Transaction, claims: readonly PatientClaim[]): Promise<StoredPatient[]> {
    const { patients } = this.state.write(transaction);
    const claimed: StoredPatient[] = [];
    for (const { logicalToken, create } of claims) {
      const known = [...patients.values()].find((patient) => hex(patient.logicalToken) === hex(logicalToken));
      const patient = known ?? (create && clone({ ...create, logicalToken }));
      if (patient === undefined) continue;
      patients.set(patient.id, patient);
      claimed.push(clone(patient));
    }
    return Promise.resolve(claimed);
  }

  lockPatients(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatient[]> {
    return Promise.resolve(pick(this.state.read(transaction).patients, patientIds));
  }

  findPatients(patientIds: readonly string[]): Promise<StoredPatient[]> {
    return Promise.resolve(pick(this.state.read().patients, patientIds));
  }

  setListing(transaction: Transaction, patientId: string, listing: Listing, sealedHospitals?: Uint8Array): Promise<void> {
    const { patients } = this.state.write(transaction);
    const patient = patients.get(patientId);
    if (patient !== undefined) {
      const { id, logicalToken, createdAt } = patient;
      patients.set(patientId, { id, logicalToken, createdAt, listing, ...(sealedHospitals === undefined ? {} : { sealedHospitals }) });
    }
    return Promise.resolve();
  }

  replaceIdentifierTokens(transaction: Transaction, entries: readonly PatientIdentifierTokens[]): Promise<void> {
    const { identifierTokens } = this.state.write(transaction);
    for (const { patientId, tokens } of entries) identifierTokens.set(patientId, tokens.map(hex));
    return Promise.resolve();
  }

  findPatientIds(identifierToken: Uint8Array): Promise<string[]> {
    const { identifierTokens, patients } = this.state.read();
    const wanted = hex(identifierToken);
    const owners = [...identifierTokens].filter(([, tokens]) => tokens.includes(wanted)).map(([patientId]) => patientId);
    const age = (patientId: string): number => patients.get(patientId)?.createdAt.getTime() ?? 0;
    return Promise.resolve(owners.sort((left, right) => age(left) - age(right)));
  }

  claimRecords(transaction: Transaction, claims: readonly RecordClaim[]): Promise<ClaimedRecord[]> {
    const { records } = this.state.write(transaction);
    const claimed = claims.map((claim) => {
      const known = records.get(hex(claim.logicalToken));
      const record = clone({ ...(known ?? claim), versionNumber: (known?.versionNumber ?? 0) + 1 });
      records.set(hex(claim.logicalToken), record);
      return clone(record);
    });
    return Promise.resolve(claimed);
  }

  insertVersions(transaction: Transaction, versions: readonly StoredVersion[]): Promise<void> {
    const tables = this.state.write(transaction);
    const numbers = new Set([...tables.versions.values()].map(versionKey));
    for (const version of versions) {
      if (tables.versions.has(version.contentId) || numbers.has(versionKey(version))) {
        return Promise.reject(new Error('The version or its content id exists already.'));
      }
      numbers.add(versionKey(version));
      tables.versions.set(version.contentId, clone(version));
    }
    return Promise.resolve();
  }

  findVersions(contentIds: readonly string[]): Promise<StoredVersion[]> {
    return Promise.resolve(pick(this.state.read().versions, contentIds));
  }

  async findVersionHeaders(contentIds: readonly string[]): Promise<StoredVersionHeader[]> {
    return (await this.findVersions(contentIds)).map(headerOf);
  }

  findDirectoryVersions(logicalTokens: readonly Uint8Array[]): Promise<DirectoryVersion[]> {
    const { records, versions } = this.state.read();
    const found: DirectoryVersion[] = [];
    for (const logicalToken of logicalTokens) {
      const record = records.get(hex(logicalToken));
      if (record === undefined || record.patientId !== undefined) continue;
      const newest = [...versions.values()].find(
        (version) => version.recordId === record.id && version.versionNumber === record.versionNumber,
      );
      if (newest !== undefined) found.push(clone({ ...newest, logicalToken }));
    }
    return Promise.resolve(found);
  }

  putManifests(transaction: Transaction, manifests: readonly StoredManifest[]): Promise<void> {
    const tables = this.state.write(transaction);
    for (const manifest of manifests) tables.manifests.set(manifest.patientId, clone(manifest));
    return Promise.resolve();
  }

  findManifests(patientIds: readonly string[], transaction?: Transaction): Promise<StoredManifest[]> {
    return Promise.resolve(pick(this.state.read(transaction).manifests, patientIds));
  }

  findPatientVersions(transaction: Transaction, patientId: string): Promise<StoredVersionHeader[]> {
    const versions = [...this.state.read(transaction).versions.values()];
    return Promise.resolve(versions.filter((version) => version.patientId === patientId).map((version) => headerOf(clone(version))));
  }

  replaceVersionKeys(transaction: Transaction, keys: readonly RewrappedVersionKey[]): Promise<void> {
    const { versions } = this.state.write(transaction);
    for (const { contentId, wrappedDataKey } of keys) {
      const version = versions.get(contentId);
      if (version !== undefined) versions.set(contentId, clone({ ...version, wrappedDataKey }));
    }
    return Promise.resolve();
  }

  replaceManifestKey(transaction: Transaction, patientId: string, wrappedDataKey: Uint8Array): Promise<void> {
    const { manifests } = this.state.write(transaction);
    const manifest = manifests.get(patientId);
    if (manifest !== undefined) manifests.set(patientId, clone({ ...manifest, wrappedDataKey }));
    return Promise.resolve();
  }

  /** Every stored row, and the tokens: for tests that look for plaintext. */
  rows(): readonly unknown[] {
    const tables = this.state.read();
    return Object.values(tables).flatMap((table: Map<string, unknown>) => [...table.entries()]);
  }

  /** Every committed version. */
  versions(): readonly StoredVersion[] {
    return [...this.state.read().versions.values()];
  }

  /** Changes stored versions and manifests behind the lib's back, as an intruder in the database would. */
  tamper(change: {
    readonly version?: (version: StoredVersion) => StoredVersion | undefined;
    readonly manifest?: (manifest: StoredManifest) => StoredManifest | undefined;
  }): void {
    const tables = copyTables(this.state.read());
    replaceRows(tables.versions, change.version);
    replaceRows(tables.manifests, change.manifest);
    this.state.commit(tables);
  }
}

function headerOf({ recordId, versionNumber, resourceType, patientId, contentId, wrappedDataKey, recordedAt }: StoredVersion): StoredVersionHeader {
  const owner = patientId === undefined ? {} : { patientId };
  return { recordId, versionNumber, resourceType, ...owner, contentId, wrappedDataKey, recordedAt };
}

function versionKey({ recordId, versionNumber }: StoredVersion): string {
  return `${recordId}/${versionNumber}`;
}

function pick<Row>(table: ReadonlyMap<string, Row>, keys: readonly string[]): Row[] {
  return keys.map((key) => table.get(key)).filter((row) => row !== undefined).map((row) => clone(row));
}

function replaceRows<Row>(table: Map<string, Row>, change: ((row: Row) => Row | undefined) | undefined): void {
  if (change === undefined) return;
  for (const [key, row] of table) {
    const replacement = change(clone(row));
    if (replacement === undefined) table.delete(key);
    else table.set(key, replacement);
  }
}
