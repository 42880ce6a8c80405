import type { Transaction } from '@carecord/core';
import type { ReferenceStore, StoredReference } from '@carecord/locator';
import type { Database } from '../database/connection.ts';
import { onlyUuids } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** What was said in the DHT about who holds which bytes, in PostgreSQL. */
export class PostgresReferenceStore implements ReferenceStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async referencesOf(subjectIds: readonly string[]): Promise<StoredReference[]> {
    const rows = await this.database.publishedReference.findMany({ where: { subjectId: { in: onlyUuids(subjectIds) } } });
    return rows.map(storedReference);
  }

  async referencesDue(expiresBefore: Date, limit: number): Promise<StoredReference[]> {
    const rows = await this.database.publishedReference.findMany({ where: { expiresAt: { lt: expiresBefore } }, orderBy: { expiresAt: 'asc' }, take: limit });
    return rows.map(storedReference);
  }

  async saveReferences(transaction: Transaction, references: readonly StoredReference[]): Promise<void> {
    if (references.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO published_reference (subject_id, dummy_generation, content_id, sequence, expires_at)
      SELECT * FROM unnest(
        ${references.map(({ subjectId }) => subjectId)}::uuid[], ${references.map(({ dummyGeneration }) => dummyGeneration ?? null)}::int[],
        ${references.map(({ contentId }) => contentId)}::text[], ${references.map(({ sequence }) => sequence)}::bigint[],
        ${references.map(({ expiresAt }) => expiresAt)}::timestamptz[])
      ON CONFLICT (subject_id) DO UPDATE SET dummy_generation = excluded.dummy_generation, content_id = excluded.content_id,
        sequence = excluded.sequence, expires_at = excluded.expires_at`;
  }

  async removeReferences(transaction: Transaction, subjectIds: readonly string[]): Promise<void> {
    await this.transactions.statementsOf(transaction).publishedReference.deleteMany({ where: { subjectId: { in: onlyUuids(subjectIds) } } });
  }

  async countReferences(): Promise<{ patients: number; dummies: number }> {
    const [patients, dummies] = await Promise.all([
      this.database.publishedReference.count({ where: { dummyGeneration: null } }),
      this.database.publishedReference.count({ where: { dummyGeneration: { not: null } } }),
    ]);
    return { patients, dummies };
  }

  async randomDummyReferences(limit: number): Promise<StoredReference[]> {
    const rows = await this.database.$queryRaw<Parameters<typeof storedReference>[0][]>`
      SELECT subject_id AS "subjectId", dummy_generation AS "dummyGeneration", content_id AS "contentId", sequence, expires_at AS "expiresAt"
      FROM published_reference WHERE dummy_generation IS NOT NULL ORDER BY random() LIMIT ${limit}`;
    return rows.map(storedReference);
  }
}

function storedReference(row: Omit<StoredReference, 'dummyGeneration' | 'sequence'> & { dummyGeneration: number | null; sequence: bigint }): StoredReference {
  return { ...row, dummyGeneration: row.dummyGeneration ?? undefined, sequence: Number(row.sequence) };
}
