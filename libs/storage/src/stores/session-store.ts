import type { Database } from '../database/connection.ts';
import { isUuid, owned } from '../database/rows.ts';
import type { SessionStore, StoredSession } from '../ports.ts';

/** Sessions in PostgreSQL. */
export class PostgresSessionStore implements SessionStore {
  constructor(private readonly database: Database) {}

  async insert({ tokenHash, staffId, createdAt, lastUsedAt }: StoredSession): Promise<void> {
    await this.database.staffSession.create({ data: { tokenHash: owned(tokenHash), staffId, createdAt, lastUsedAt } });
  }

  async find(tokenHash: Uint8Array): Promise<StoredSession | undefined> {
    return (await this.database.staffSession.findUnique({ where: { tokenHash: owned(tokenHash) } })) ?? undefined;
  }

  async touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void> {
    await this.database.staffSession.updateMany({ where: { tokenHash: owned(tokenHash) }, data: { lastUsedAt } });
  }

  async remove(tokenHash: Uint8Array): Promise<void> {
    await this.database.staffSession.deleteMany({ where: { tokenHash: owned(tokenHash) } });
  }

  async removeOfStaff(staffId: string): Promise<number> {
    if (!isUuid(staffId)) return 0;
    return (await this.database.staffSession.deleteMany({ where: { staffId } })).count;
  }

  async removeExpired({ createdBefore, lastUsedBefore }: { readonly createdBefore: Date; readonly lastUsedBefore: Date }): Promise<number> {
    const { count } = await this.database.staffSession.deleteMany({
      where: { OR: [{ createdAt: { lt: createdBefore } }, { lastUsedAt: { lt: lastUsedBefore } }] },
    });
    return count;
  }
}
