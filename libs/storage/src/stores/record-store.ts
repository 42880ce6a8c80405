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
import type { Database } from '../database/connection.ts';
import { byBytes, column, isUuid, onlyUuids, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

interface VersionHeaderRow {
  readonly recordId: string;
  readonly versionNumber: number;
  readonly resourceType: string;
  readonly patientId: string | null;
  readonly contentId: string;
  readonly wrappedDataKey: Uint8Array;
  readonly recordedAt: Date;
}
interface VersionRow extends VersionHeaderRow {
  readonly ciphertext: Uint8Array;
}

/** Patients, records, versions and manifests in PostgreSQL. */
export class PostgresRecordStore implements RecordStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async claimPatients(transaction: Transaction, claims: readonly PatientClaim[]): Promise<StoredPatient[]> {
    if (claims.length === 0) return [];
    const statements = this.transactions.statementsOf(transaction);
    const created = claims
      .flatMap(({ logicalToken, create }) => (create === undefined ? [] : [{ ...create, logicalToken }]))
      .sort(byBytes(({ logicalToken }) => logicalToken));
    if (created.length > 0) {
      await statements.$executeRaw`
        INSERT INTO patient (id, logical_token, listing, created_at)
        SELECT * FROM unnest(
          ${created.map(({ id }) => id)}::uuid[], ${created.map(({ logicalToken }) => logicalToken)}::bytea[],
          ${created.map(({ listing }) => listing)}::text[], ${created.map(({ createdAt }) => createdAt)}::timestamptz[])
        ON CONFLICT (logical_token) DO NOTHING`;
    }
    const patients = await statements.$queryRaw<PatientRow[]>`
      SELECT id, logical_token AS "logicalToken", listing, sealed_hospitals AS "sealedHospitals", created_at AS "createdAt" FROM patient
      WHERE logical_token = ANY(${claims.map(({ logicalToken }) => logicalToken)}::bytea[]) ORDER BY id FOR UPDATE`;
    return patients.map(storedPatient);
  }

  async lockPatients(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatient[]> {
    const patients = await this.transactions.statementsOf(transaction).$queryRaw<PatientRow[]>`
      SELECT id, logical_token AS "logicalToken", listing, sealed_hospitals AS "sealedHospitals", created_at AS "createdAt" FROM patient
      WHERE id = ANY(${onlyUuids(patientIds)}::uuid[]) ORDER BY id FOR UPDATE`;
    return patients.map(storedPatient);
  }

  async findPatients(patientIds: readonly string[]): Promise<StoredPatient[]> {
    const patients = await this.database.patient.findMany({ where: { id: { in: onlyUuids(patientIds) } } });
    return patients.map(storedPatient);
  }

  async setListing(transaction: Transaction, patientId: string, listing: Listing, sealedHospitals?: Uint8Array): Promise<void> {
    if (!isUuid(patientId)) return;
    await this.transactions.statementsOf(transaction).patient.updateMany({ where: { id: patientId }, data: { listing, sealedHospitals: sealedHospitals === undefined ? null : owned(sealedHospitals) } });
  }

  async replaceIdentifierTokens(transaction: Transaction, entries: readonly PatientIdentifierTokens[]): Promise<void> {
    if (entries.length === 0) return;
    const statements = this.transactions.statementsOf(transaction);
    const rows = entries.flatMap(({ patientId, tokens }) => tokens.map((token) => ({ patientId, token })));
    await statements.$executeRaw`DELETE FROM patient_identifier WHERE patient_id = ANY(${entries.map(({ patientId }) => patientId)}::uuid[])`;
    await statements.$executeRaw`
      INSERT INTO patient_identifier (patient_id, token)
      SELECT * FROM unnest(${rows.map(({ patientId }) => patientId)}::uuid[], ${rows.map(({ token }) => token)}::bytea[])`;
  }

  async findPatientIds(identifierToken: Uint8Array): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM patient JOIN patient_identifier ON patient_id = id
      WHERE token = ${identifierToken} ORDER BY created_at, id`;
    return rows.map(({ id }) => id);
  }

  async claimRecords(transaction: Transaction, claims: readonly RecordClaim[]): Promise<ClaimedRecord[]> {
    if (claims.length === 0) return [];
    const ordered = claims.toSorted(byBytes(({ logicalToken }) => logicalToken));
    const rows = await this.transactions.statementsOf(transaction).$queryRaw<(Omit<ClaimedRecord, 'patientId'> & { patientId: string | null })[]>`
      INSERT INTO record (id, logical_token, resource_type, patient_id, current_version)
      SELECT claim.*, 1 FROM unnest(
        ${ordered.map(({ id }) => id)}::uuid[], ${ordered.map(({ logicalToken }) => logicalToken)}::bytea[],
        ${ordered.map(({ resourceType }) => resourceType)}::text[], ${column(ordered, ({ patientId }) => patientId)}::uuid[]) AS claim
      ON CONFLICT (logical_token) DO UPDATE SET current_version = record.current_version + 1
      RETURNING id, logical_token AS "logicalToken", resource_type AS "resourceType", patient_id AS "patientId", current_version AS "versionNumber"`;
    return rows.map(({ patientId, ...row }) => ({ ...row, ...optional('patientId', patientId) }));
  }

  async insertVersions(transaction: Transaction, versions: readonly StoredVersion[]): Promise<void> {
    if (versions.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO record_version (record_id, number, content_id, ciphertext, wrapped_data_key, recorded_at)
      SELECT * FROM unnest(
        ${versions.map(({ recordId }) => recordId)}::uuid[], ${versions.map(({ versionNumber }) => versionNumber)}::int[],
        ${versions.map(({ contentId }) => contentId)}::text[], ${versions.map(({ ciphertext }) => ciphertext)}::bytea[],
        ${versions.map(({ wrappedDataKey }) => wrappedDataKey)}::bytea[], ${versions.map(({ recordedAt }) => recordedAt)}::timestamptz[])`;
  }

  async findVersions(contentIds: readonly string[]): Promise<StoredVersion[]> {
    if (contentIds.length === 0) return [];
    const rows = await this.database.$queryRaw<VersionRow[]>`
      SELECT record_id AS "recordId", number AS "versionNumber", resource_type AS "resourceType", patient_id AS "patientId",
        content_id AS "contentId", ciphertext, wrapped_data_key AS "wrappedDataKey", recorded_at AS "recordedAt"
      FROM record_version JOIN record ON record.id = record_id WHERE content_id = ANY(${contentIds}::text[])`;
    return rows.map(withOwner);
  }

  async findVersionHeaders(contentIds: readonly string[]): Promise<StoredVersionHeader[]> {
    if (contentIds.length === 0) return [];
    const rows = await this.database.$queryRaw<VersionHeaderRow[]>`
      SELECT record_id AS "recordId", number AS "versionNumber", resource_type AS "resourceType", patient_id AS "patientId",
        content_id AS "contentId", wrapped_data_key AS "wrappedDataKey", recorded_at AS "recordedAt"
      FROM record_version JOIN record ON record.id = record_id WHERE content_id = ANY(${contentIds}::text[])`;
    return rows.map(withOwner);
  }

  async findDirectoryVersions(logicalTokens: readonly Uint8Array[]): Promise<DirectoryVersion[]> {
    if (logicalTokens.length === 0) return [];
    return await this.database.$queryRaw<DirectoryVersion[]>`
      SELECT record_id AS "recordId", number AS "versionNumber", resource_type AS "resourceType", logical_token AS "logicalToken",
        content_id AS "contentId", ciphertext, wrapped_data_key AS "wrappedDataKey", recorded_at AS "recordedAt"
      FROM record JOIN record_version ON record_id = record.id AND number = current_version
      WHERE patient_id IS NULL AND logical_token = ANY(${logicalTokens}::bytea[])`;
  }

  async putManifests(transaction: Transaction, manifests: readonly StoredManifest[]): Promise<void> {
    if (manifests.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO manifest (patient_id, sequence, content_id, ciphertext, wrapped_data_key, recorded_at)
      SELECT * FROM unnest(
        ${manifests.map(({ patientId }) => patientId)}::uuid[], ${manifests.map(({ sequence }) => sequence)}::int[],
        ${manifests.map(({ contentId }) => contentId)}::text[], ${manifests.map(({ ciphertext }) => ciphertext)}::bytea[],
        ${manifests.map(({ wrappedDataKey }) => wrappedDataKey)}::bytea[], ${manifests.map(({ recordedAt }) => recordedAt)}::timestamptz[])
      ON CONFLICT (patient_id) DO UPDATE SET sequence = excluded.sequence, content_id = excluded.content_id,
        ciphertext = excluded.ciphertext, wrapped_data_key = excluded.wrapped_data_key, recorded_at = excluded.recorded_at`;
  }

  async findManifests(patientIds: readonly string[], transaction?: Transaction): Promise<StoredManifest[]> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    return await statements.manifest.findMany({ where: { patientId: { in: onlyUuids(patientIds) } } });
  }

  async findPatientVersions(transaction: Transaction, patientId: string): Promise<StoredVersionHeader[]> {
    if (!isUuid(patientId)) return [];
    const rows = await this.transactions.statementsOf(transaction).$queryRaw<VersionHeaderRow[]>`
      SELECT record_id AS "recordId", number AS "versionNumber", resource_type AS "resourceType", patient_id AS "patientId",
        content_id AS "contentId", wrapped_data_key AS "wrappedDataKey", recorded_at AS "recordedAt"
      FROM record_version JOIN record ON record.id = record_id WHERE patient_id = ${patientId}::uuid`;
    return rows.map(withOwner);
  }

  async replaceVersionKeys(transaction: Transaction, versions: readonly RewrappedVersionKey[]): Promise<void> {
    if (versions.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      UPDATE record_version SET wrapped_data_key = new.wrapped_data_key
      FROM unnest(
        ${versions.map(({ contentId }) => contentId)}::text[],
        ${versions.map(({ wrappedDataKey }) => wrappedDataKey)}::bytea[]) AS new (content_id, wrapped_data_key)
      WHERE record_version.content_id = new.content_id`;
  }

  async replaceManifestKey(transaction: Transaction, patientId: string, wrappedDataKey: Uint8Array): Promise<void> {
    if (!isUuid(patientId)) return;
    await this.transactions.statementsOf(transaction).manifest.updateMany({ where: { patientId }, data: { wrappedDataKey: owned(wrappedDataKey) } });
  }
}

function withOwner<Row extends { readonly patientId: string | null }>(row: Row): Omit<Row, 'patientId'> & { patientId?: string } {
  const { patientId, ...rest } = row;
  return { ...rest, ...optional('patientId', patientId) };
}

/** A row of `patient`. */
type PatientRow = Omit<StoredPatient, 'listing' | 'sealedHospitals'> & { readonly listing: string; readonly sealedHospitals: Uint8Array | null };

function storedPatient({ sealedHospitals, listing, ...patient }: PatientRow): StoredPatient {
  return { ...patient, listing: listing as Listing, ...optional('sealedHospitals', sealedHospitals) };
}
