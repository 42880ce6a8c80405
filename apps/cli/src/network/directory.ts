import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeEmbeddedPostgres } from '@carecord/storage';
import { CliError } from '../cli-error.ts';

/** Where a local network keeps its data unless told otherwise: below the folder in which the command is run. */
export function localNetworkDirectory(): string {
  return resolve('.carecord');
}

/** The places inside a local network's directory. */
export interface LocalNetworkLayout {
  readonly root: string;
  readonly postgres: string;
  readonly logs: string;
  readonly admitted: string;
  /** How many hospitals the network has. */
  readonly size: string;
  /** Which authority the hospitals trust. */
  readonly networkFile: string;
  /** Where the authority finds whom to appoint as guardians of the look-up. */
  readonly guardiansFile: string;
  node(slug: string): string;
}

/** Creates the directory, readable by its owner alone, since it holds the demo's keys. */
export async function prepareDirectory(root: string): Promise<LocalNetworkLayout> {
  const layout = layoutOf(root);
  await mkdir(layout.logs, { recursive: true, mode: 0o700 });
  return layout;
}

function layoutOf(root: string): LocalNetworkLayout {
  return {
    root,
    postgres: join(root, 'postgres'),
    logs: join(root, 'logs'),
    admitted: join(root, 'admitted.json'),
    size: join(root, 'size.json'),
    networkFile: join(root, 'network.json'),
    guardiansFile: join(root, 'guardians.json'),
    node: (slug) => join(root, 'nodes', slug),
  };
}

/** Writes a secret that its owner alone may read, once: a later start finds the same. */
export async function ensureSecretFile(path: string, make: () => string): Promise<string> {
  try {
    await writeFile(path, make(), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  return readFile(path, 'utf8');
}

/**
 * Makes sure that one process alone runs the network of a directory.
 * @returns the function that gives the directory free again
 * @throws CliError `ALREADY_RUNNING` with the other process' id
 */
export async function lockDirectory(root: string): Promise<() => Promise<void>> {
  const path = join(root, 'running.pid');
  const owner = await runningOwner(root);
  if (owner !== undefined) {
    throw new CliError('ALREADY_RUNNING', `The local network is running already (process ${owner}). Stop it first, with Ctrl-C where it was started.`);
  }
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  await file.writeFile(String(process.pid));
  await file.close();
  return () => rm(path, { force: true });
}

/** The process that runs the directory's network, if one is alive. */
async function runningOwner(root: string): Promise<number | undefined> {
  let text: string;
  try {
    text = await readFile(join(root, 'running.pid'), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  const owner = Number(text);
  return Number.isInteger(owner) && owner > 0 && isAlive(owner) ? owner : undefined;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes everything that a local network left.
 * @returns whether there was anything
 * @throws CliError `ALREADY_RUNNING` while it runs: data is never pulled from under a running node
 */
export async function removeLocalNetwork(root: string): Promise<boolean> {
  const owner = await runningOwner(root);
  if (owner !== undefined) {
    throw new CliError('ALREADY_RUNNING', `The local network is running (process ${owner}). Stop it first, with Ctrl-C where it was started.`);
  }
  if (!existsSync(root)) return false;
  const { postgres } = layoutOf(root);
  // A server that a killed run left behind would write into the folder while it is removed.
  if (existsSync(postgres)) await removeEmbeddedPostgres({ directory: postgres });
  await rm(root, { recursive: true });
  return true;
}
