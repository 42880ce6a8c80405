import type { Listing, Transaction } from '@carecord/core';
import type { LocatorStore, PatientTag, Publication, StoredLocation, StoredTag } from '@carecord/locator';
import type { Database } from '../database/connection.ts';
import { isUuid, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Tags, publications and look-up results in PostgreSQL. */
export class PostgresLocatorStore implements LocatorStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async tagsOfPatient(patientId: string): Promise<StoredTag[]> {
    if (!isUuid(patientId)) return [];
    const rows = await this.database.patientTag.findMany({ where: { patientId } });
    return rows.map(({ sequence, slot, listing, expiresAt, ...tag }) => ({
      ...tag,
      publication: {
        sequence: Number(sequence),
        slot: slot ?? undefined,
        listing: (listing as Listing | null) ?? undefined,
        expiresAt: expiresAt ?? undefined,
      },
    }));
  }

  async saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void> {
    if (tags.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO patient_tag (patient_id, identifier_token, tag_token, handle_token, sealed_tag, epoch)
      SELECT * FROM unnest(
        ${tags.map(({ patientId }) => patientId)}::uuid[], ${tags.map(({ identifierToken }) => identifierToken)}::bytea[],
        ${tags.map(({ tagToken }) => tagToken)}::bytea[], ${tags.map(({ handleToken }) => handleToken)}::bytea[],
        ${tags.map(({ sealedTag }) => sealedTag)}::bytea[], ${tags.map(({ epoch }) => epoch)}::int[])
      ON CONFLICT (patient_id, identifier_token) DO UPDATE SET tag_token = excluded.tag_token,
        handle_token = excluded.handle_token, sealed_tag = excluded.sealed_tag, epoch = excluded.epoch`;
  }

  async removeTags(transaction: Transaction, patientId: string, identifierTokens: readonly Uint8Array[]): Promise<void> {
    if (!isUuid(patientId)) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      DELETE FROM patient_tag WHERE patient_id = ${patientId}::uuid AND identifier_token = ANY(${identifierTokens}::bytea[])`;
  }

  async nextSequence(transaction: Transaction, patientId: string, identifierToken: Uint8Array, atLeast: number): Promise<number | undefined> {
    if (!isUuid(patientId)) return undefined;
    const [row] = await this.transactions.statementsOf(transaction).$queryRaw<{ sequence: bigint }[]>`
      UPDATE patient_tag SET sequence = greatest(sequence + 1, ${atLeast}::bigint)
      WHERE patient_id = ${patientId}::uuid AND identifier_token = ${identifierToken} RETURNING sequence`;
    return row === undefined ? undefined : Number(row.sequence);
  }

  async savePublication(transaction: Transaction, patientId: string, identifierToken: Uint8Array, publication: Publication): Promise<void> {
    if (!isUuid(patientId)) return;
    const { sequence, slot = null, listing = null, expiresAt = null } = publication;
    await this.transactions.statementsOf(transaction).patientTag.updateMany({
      where: { patientId, identifierToken: owned(identifierToken), sequence: { lte: sequence } },
      data: { sequence, slot, listing, expiresAt },
    });
  }

  async patientsByTagToken(tagToken: Uint8Array): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ patientId: string }[]>`
      SELECT DISTINCT patient_id AS "patientId" FROM patient_tag WHERE tag_token = ${tagToken} ORDER BY patient_id`;
    return rows.map(({ patientId }) => patientId);
  }

  async patientByHandleToken(handleToken: Uint8Array): Promise<string | undefined> {
    const tag = await this.database.patientTag.findUnique({ where: { handleToken: owned(handleToken) }, select: { patientId: true } });
    return tag?.patientId;
  }

  async patientsDue({ expiresBefore, epoch, limit }: { expiresBefore: Date; epoch: number; limit: number }): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ patientId: string }[]>`
      SELECT patient_id AS "patientId" FROM patient_tag
      WHERE epoch <> ${epoch} OR (listing = 'listed' AND expires_at < ${expiresBefore})
      GROUP BY patient_id ORDER BY min(expires_at) NULLS LAST, patient_id LIMIT ${limit}`;
    return rows.map(({ patientId }) => patientId);
  }

  async saveLocation(transaction: Transaction, location: StoredLocation): Promise<void> {
    const { id, staffId, expiresAt } = location;
    const sealed = owned(location.sealed);
    await this.transactions.statementsOf(transaction).location.upsert({
      where: { id },
      create: { id, staffId, sealed, expiresAt },
      update: { staffId, sealed, expiresAt },
    });
  }

  async findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined> {
    const location = await this.database.location.findFirst({ where: { id, staffId, expiresAt: { gt: now } } });
    return location ?? undefined;
  }

  async removeExpiredLocations(transaction: Transaction, now: Date): Promise<number> {
    const { count } = await this.transactions.statementsOf(transaction).location.deleteMany({ where: { expiresAt: { lte: now } } });
    return count;
  }
}
