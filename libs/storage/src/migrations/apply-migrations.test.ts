import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { MIGRATIONS_DIRECTORY } from '../storage.ts';
import { applyMigrations } from './apply-migrations.ts';

describe('applyMigrations', () => {
  let database: TestDatabase;
  let directory: string;
  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    directory = await mkdtemp(join(tmpdir(), 'carecord-migrations-'));
    await writeMigration('20260101000000_first', 'CREATE TABLE first (id int);');
    await writeMigration('20260102000000_second', "ALTER TABLE first ADD COLUMN note text DEFAULT ';'; INSERT INTO first (id) VALUES (1);");
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
    await database.drop();
  });

  const apply = (): Promise<string[]> => applyMigrations(database.url, directory);
  const writeMigration = async (name: string, script: string): Promise<void> => {
    await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, name, 'migration.sql'), script);
  };
  const query = async (text: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('applies what is missing, in order, once', async () => {
    expect(await apply()).toEqual(['20260101000000_first', '20260102000000_second']);
    expect(await query('SELECT * FROM first')).toEqual([{ id: 1, note: ';' }]);
    expect(await apply()).toEqual([]);
    await writeMigration('20260103000000_third', 'DROP TABLE first;');
    expect(await apply()).toEqual(['20260103000000_third']);
  });

  it('applies each once when several nodes start together', async () => {
    const applied = await Promise.all([apply(), apply(), apply()]);
    expect(applied.flat().sort()).toEqual(['20260101000000_first', '20260102000000_second']);
    expect(await query('SELECT id FROM first')).toEqual([{ id: 1 }]);
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    await apply();
    await writeMigration('20260101000000_first', 'CREATE TABLE first (id bigint);');
    await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_CHANGED', message: expect.stringContaining('20260101000000_first') });
  });

  it('refuses a database that a newer version has used', async () => {
    await apply();
    await rm(join(directory, '20260102000000_second'), { recursive: true });
    await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_UNKNOWN' });
  });

  it('leaves nothing of a migration that fails, and applies it when it is repaired', async () => {
    await writeMigration('20260102000000_second', 'CREATE TABLE half (id int); SELECT nothing;');
    await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(await query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    await writeMigration('20260102000000_second', 'CREATE TABLE half (id int);');
    expect(await apply()).toEqual(['20260102000000_second']);
  });

  it('refuses a database in which a migration began and did not finish', async () => {
    await apply();
    await query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '20260102000000_second'");
    await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    await query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL");
    await query('DROP TABLE first');
    await query('CREATE TABLE first (id int)');
    expect(await apply()).toEqual(['20260102000000_second']);
  });

  it('refuses a directory without migrations, or with an incomplete one', async () => {
    await mkdir(join(directory, '20260104000000_empty'));
    await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_UNREADABLE' });
    await expect(applyMigrations(database.url, join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'MIGRATION_UNREADABLE' });
  });

  it('says when the database cannot be reached', async () => {
    const url = new URL(database.url);
    url.port = '1';
    await expect(applyMigrations(url.href, directory)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    url.port = new URL(database.url).port;
    url.pathname = '/nowhere';
    await expect(applyMigrations(url.href, directory)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('applies the checked-in migrations to an empty database', async () => {
    expect((await applyMigrations(database.url, MIGRATIONS_DIRECTORY)).length).toBeGreaterThan(0);
    expect(await query("SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'keys'")).toEqual([{ tables: 4 }]);
  });
});
