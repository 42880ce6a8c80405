import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';

/** One checked-in migration: the directory that Prisma made for it. */
export interface MigrationFile {
  /** The directory's name: it begins with the time, so names sort in the order of application. */
  readonly name: string;
  readonly script: string;
  /** SHA-256 of the script in hex, as Prisma computes it. */
  readonly checksum: string;
}

/**
 * The migrations of a directory, oldest first.
 * @throws StorageError `MIGRATION_UNREADABLE`
 */
export async function readMigrations(directory: string): Promise<MigrationFile[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    if (names.length === 0) throw new Error('The directory has no migrations.');
    return await Promise.all(names.sort().map((name) => readMigration(directory, name)));
  } catch (cause) {
    throw new StorageError('MIGRATION_UNREADABLE', 'The migrations of the database cannot be read: the installation is incomplete.', { cause });
  }
}

async function readMigration(directory: string, name: string): Promise<MigrationFile> {
  const content = await readFile(join(directory, name, 'migration.sql'));
  return { name, script: content.toString('utf8'), checksum: createHash('sha256').update(content).digest('hex') };
}
