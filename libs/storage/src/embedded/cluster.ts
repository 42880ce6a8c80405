import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';
import type { Binaries } from './binaries.ts';
import { exists } from './files.ts';
import type { ServiceUser } from './service-user.ts';

/** The role that owns the embedded server; programs connect as the role of their own database. */
export const ADMIN_ROLE = 'carecord_admin';

/**
 * How initdb and postgres are told their data directory: "where you were started". The directory may lie under one that
 * their account cannot pass (`/root` is 0700), which no path could name; the working directory is set before the account
 * is changed, and this link leads to it without passing through anything.
 */
export const DATA_DIRECTORY = '/proc/self/cwd';

/** A directory of data that initdb made, and the password of its {@link ADMIN_ROLE}. */
export interface Cluster {
  readonly directory: string;
  readonly password: string;
}

export interface ClusterOptions {
  readonly directory: string;
  readonly binaries: Binaries;
  readonly user: ServiceUser | undefined;
  readonly fsync: boolean;
}

/** Opens the cluster in the directory, or makes one. One whose making was cut short is made anew. */
export async function openCluster(options: ClusterOptions, onInitialise: () => void): Promise<Cluster> {
  const data = clusterDirectory(options.directory);
  const passwordFile = join(options.directory, 'password');
  if (!(await exists(data))) {
    onInitialise();
    const password = randomBytes(24).toString('base64url');
    await writeFile(passwordFile, password, { mode: 0o600 });
    await initialise(options, data, password);
  }
  return { directory: data, password: await readFile(passwordFile, 'utf8') };
}

/** Where the data of the embedded PostgreSQL in `directory` lies. */
export function clusterDirectory(directory: string): string {
  return join(directory, 'cluster');
}

async function initialise({ directory, binaries, user, fsync }: ClusterOptions, data: string, password: string): Promise<void> {
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  await chmod(unfinished, 0o700);
  if (user !== undefined) await chown(unfinished, user.uid, user.gid);
  await runInitdb({ binaries, user, fsync, passwordFile: join(directory, 'password.initdb') }, unfinished, password);
  await rename(unfinished, data);
}

interface InitdbOptions extends Pick<ClusterOptions, 'binaries' | 'user' | 'fsync'> {
  readonly passwordFile: string;
}

async function runInitdb({ binaries, user, fsync, passwordFile }: InitdbOptions, directory: string, password: string): Promise<void> {
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  const passwordHandle = await open(passwordFile, 'r');
  try {
    await run(binaries.initdb, [
      `--pgdata=${DATA_DIRECTORY}`,
      `--username=${ADMIN_ROLE}`,
      '--pwfile=/proc/self/fd/3',
      '--auth-host=scram-sha-256',
      '--auth-local=reject',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(fsync ? [] : ['--no-sync']),
    ], { directory, user, passwordDescriptor: passwordHandle.fd });
  } finally {
    await passwordHandle.close();
    await rm(passwordFile, { force: true });
  }
}

function run(
  command: string,
  args: string[],
  { directory, user, passwordDescriptor }: { directory: string; user: ServiceUser | undefined; passwordDescriptor: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, ...user, env: {}, stdio: ['ignore', 'ignore', 'pipe', passwordDescriptor] });
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.on('error', (cause) => reject(new StorageError('EMBEDDED_FAILED', `initdb could not be started: ${cause.message}`, { cause })));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new StorageError('EMBEDDED_FAILED', `initdb could not make a database cluster: ${complaint.trim()}`));
    });
  });
}
