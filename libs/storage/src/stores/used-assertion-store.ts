import type { UsedAssertionStore } from '../client-ports.ts';
import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';

/** Statements that were taken, in PostgreSQL. */
export class PostgresUsedAssertionStore implements UsedAssertionStore {
  constructor(private readonly database: Database) {}

  async take(idHash: Uint8Array, expiresAt: Date): Promise<boolean> {
    // One statement that looks and writes: of two at once, the second waits for the first and adds nothing.
    const { count } = await this.database.usedAssertion.createMany({ data: { idHash: owned(idHash), expiresAt }, skipDuplicates: true });
    return count === 1;
  }

  async removeExpired(before: Date): Promise<number> {
    return (await this.database.usedAssertion.deleteMany({ where: { expiresAt: { lt: before } } })).count;
  }
}
