import type { DidHistoryStore, RememberedDid } from '@carecord/identity';
import type { Database } from '../database/connection.ts';

/** Histories of DIDs in PostgreSQL. */
export class PostgresDidHistoryStore implements DidHistoryStore {
  constructor(private readonly database: Database) {}

  async find(did: string): Promise<RememberedDid | undefined> {
    return (await this.database.didHistory.findUnique({ where: { did } })) ?? undefined;
  }

  async save({ did, versionNumber, versionId, history, seenAt }: RememberedDid): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO did_history (did, version_number, version_id, history, seen_at)
      VALUES (${did}, ${versionNumber}, ${versionId}, ${history}, ${seenAt}::timestamptz)
      ON CONFLICT (did) DO UPDATE SET version_number = excluded.version_number, version_id = excluded.version_id,
        history = excluded.history, seen_at = excluded.seen_at
      WHERE did_history.version_number < excluded.version_number
        OR (did_history.version_id = excluded.version_id AND did_history.seen_at < excluded.seen_at)`;
  }
}
