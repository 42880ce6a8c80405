import type { Transaction } from '@carecord/core';
import type { GrantStore, StoredGrant } from '@carecord/exchange';
import type { Database } from '../database/connection.ts';
import { isUuid, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Grants in PostgreSQL. */
export class PostgresGrantStore implements GrantStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async revocations(patientId: string): Promise<number> {
    if (!isUuid(patientId)) return 0;
    const row = await this.database.patientRevocation.findUnique({ where: { patientId } });
    return row?.count ?? 0;
  }

  async insert(transaction: Transaction, grant: StoredGrant, revocations: number): Promise<'inserted' | 'revoked-meanwhile'> {
    if ((await this.addRevocations(transaction, grant.patientId, 0)) !== revocations) return 'revoked-meanwhile';
    await this.transactions.statementsOf(transaction).accessGrant.createMany({
      data: { ...grant, contentIds: [...grant.contentIds], jws: owned(grant.jws) },
    });
    return 'inserted';
  }

  async findByRequest(requestId: string): Promise<StoredGrant | undefined> {
    const row = await this.database.accessGrant.findUnique({ where: { requestId } });
    if (row === null) return undefined;
    const { revokedAt, ...grant } = row;
    return { ...grant, ...optional('revokedAt', revokedAt) };
  }

  async covered(recipient: string, contentIds: readonly string[], at: Date): Promise<Set<string>> {
    if (contentIds.length === 0) return new Set();
    const rows = await this.database.$queryRaw<{ contentId: string }[]>`
      SELECT DISTINCT content_id AS "contentId" FROM access_grant, unnest(content_ids) AS content_id
      WHERE content_ids && ${contentIds}::text[] AND content_id = ANY(${contentIds}::text[])
        AND recipient = ${recipient} AND revoked_at IS NULL AND expires_at > ${at}`;
    return new Set(rows.map(({ contentId }) => contentId));
  }

  async revokeForPatient(transaction: Transaction, patientId: string, revokedAt: Date): Promise<{ grantId: string; requestId: string; recipient: string }[]> {
    await this.addRevocations(transaction, patientId, 1);
    return await this.transactions.statementsOf(transaction).accessGrant.updateManyAndReturn({
      where: { patientId, revokedAt: null },
      data: { revokedAt },
      select: { grantId: true, requestId: true, recipient: true },
    });
  }

  /** The patient's number of revocations after the addition; its row is made and locked, also by an addition of none. */
  private async addRevocations(transaction: Transaction, patientId: string, addition: number): Promise<number> {
    const [row] = await this.transactions.statementsOf(transaction).$queryRaw<{ count: number }[]>`
      INSERT INTO patient_revocation AS revocation (patient_id, count) VALUES (${patientId}::uuid, ${addition})
      ON CONFLICT (patient_id) DO UPDATE SET count = revocation.count + excluded.count RETURNING count`;
    return row?.count ?? addition;
  }
}
