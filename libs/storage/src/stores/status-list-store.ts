import { generalJwsSchema } from '@carecord/crypto';
import type { StatusListStore, StoredStatusList } from '@carecord/identity';
import type { Database } from '../database/connection.ts';

/** Status lists in PostgreSQL. */
export class PostgresStatusListStore implements StatusListStore {
  constructor(private readonly database: Database) {}

  async all(): Promise<readonly StoredStatusList[]> {
    const rows = await this.database.statusList.findMany();
    return rows.map(({ authority, issuedAt, jws }) => ({ authority, issuedAt, jws: generalJwsSchema.parse(JSON.parse(Buffer.from(jws).toString('utf8'))) }));
  }

  async save({ authority, issuedAt, jws }: StoredStatusList): Promise<void> {
    const encoded = Buffer.from(JSON.stringify(jws), 'utf8');
    await this.database.$executeRaw`
      INSERT INTO status_list (authority, issued_at, jws) VALUES (${authority}, ${issuedAt}::timestamptz, ${encoded})
      ON CONFLICT (authority) DO UPDATE SET issued_at = excluded.issued_at, jws = excluded.jws WHERE status_list.issued_at < excluded.issued_at`;
  }
}
