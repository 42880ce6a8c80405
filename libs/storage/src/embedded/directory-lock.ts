import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StorageError } from '../storage-error.ts';
import { startOf } from './process.ts';

const holderSchema = z.object({ pid: z.number().int(), startedAt: z.string() });

/** Gives the directory free again. */
export type ReleaseDirectory = () => Promise<void>;

/**
 * Takes the directory of an embedded PostgreSQL for this process. A process that died without giving it back does not
 * count: its id and start time are looked up.
 * @throws StorageError `EMBEDDED_IN_USE` when another running process has it
 */
export async function lockDirectory(directory: string): Promise<ReleaseDirectory> {
  const file = join(directory, 'used-by');
  const own = join(directory, `used-by.${process.pid}`);
  await writeFile(own, JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) }), { mode: 0o600 });
  try {
    while (!(await tryLink(own, file))) await removeIfDead(file);
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(file, { force: true });
}

/** A link is made whole or not at all, unlike a file that is written. */
async function tryLink(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeIfDead(file: string): Promise<void> {
  const holder = await readHolder(file);
  if (holder !== undefined && (await startOf(holder.pid)) === holder.startedAt) {
    throw new StorageError('EMBEDDED_IN_USE', `Another running process (${holder.pid}) uses this embedded PostgreSQL: stop it first.`);
  }
  await rm(file, { force: true });
}

async function readHolder(file: string): Promise<z.infer<typeof holderSchema> | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
