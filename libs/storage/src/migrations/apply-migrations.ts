import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { toStorageError } from '../database/database-error.ts';
import { StorageError } from '../storage-error.ts';
import { readMigrations, type MigrationFile } from './migration-files.ts';

/** The advisory lock that Prisma itself takes, so that its CLI and nodes that start together wait for each other. */
const PRISMA_LOCK = 72_707_369;
/** A replica that migrates a large table takes its time; the others wait for it. */
const LOCK_WAIT = '5min';

/** Prisma's own table, as Prisma makes it. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Brings a database to the present schema: applies, in order, the migrations that it does not have yet, each in one
 * transaction. Nodes that start at the same time wait for each other.
 * @param databaseUrl the database; its user must own it
 * @param migrationsDirectory `prisma/migrations`
 * @returns the names of the migrations that were applied now
 * @throws StorageError `MIGRATION_CHANGED`, `MIGRATION_UNKNOWN`, `MIGRATION_FAILED`, `MIGRATION_UNREADABLE`, `UNREACHABLE`
 */
export async function applyMigrations(databaseUrl: string, migrationsDirectory: string): Promise<string[]> {
  const migrations = await readMigrations(migrationsDirectory);
  const client = new Client({ connectionString: databaseUrl });
  // A connection that breaks also rejects the query that runs; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`SET lock_timeout = '${LOCK_WAIT}'`);
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(CREATE_TABLE);
    const pending = selectPending(migrations, await readApplied(client));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } catch (error) {
    throw error instanceof StorageError ? error : toStorageError(error);
  } finally {
    // The lock belongs to the connection and ends with it.
    await client.end();
  }
}

async function readApplied(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    'SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
  );
  return rows;
}

function selectPending(migrations: readonly MigrationFile[], applied: readonly AppliedMigration[]): MigrationFile[] {
  for (const { name, checksum, finished } of applied) {
    const migration = migrations.find((candidate) => candidate.name === name);
    if (migration === undefined) {
      throw new StorageError('MIGRATION_UNKNOWN', `The database has a migration that this version does not know (${name}): a newer version has used it. Start that version.`);
    }
    if (!finished) {
      throw new StorageError('MIGRATION_FAILED', `The migration ${name} began earlier and did not finish: repair the database, then mark it with "prisma migrate resolve".`);
    }
    if (checksum !== migration.checksum) {
      throw new StorageError('MIGRATION_CHANGED', `The migration ${name} was changed after it had been applied to this database: restore the file and make a new migration.`);
    }
  }
  return migrations.filter(({ name }) => !applied.some((migration) => migration.name === name));
}

/** Script and note of it in one transaction: a migration that fails, or a node that dies, leaves nothing behind. */
async function apply(client: Client, { name, script, checksum }: MigrationFile): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(script);
    await client.query(
      'INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    throw new StorageError('MIGRATION_FAILED', `The migration ${name} could not be applied; the database is as it was before it.`, { cause });
  }
}
