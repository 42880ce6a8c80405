import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from '@carecord/core';
import { prepareBinaries, removeOutsideBinaries } from './binaries.ts';
import { clusterDirectory, openCluster } from './cluster.ts';
import { Databases } from './databases.ts';
import { lockDirectory, type ReleaseDirectory } from './directory-lock.ts';
import { stopLeftBehind } from './postmaster.ts';
import { startServer, type Server } from './server.ts';
import { chooseServiceUser } from './service-user.ts';

/** What takes long enough to be shown to a person. */
export type EmbeddedPostgresStep = 'stopping-left-behind' | 'copying-binaries' | 'initialising' | 'starting';

/** How the embedded server is started. */
export interface EmbeddedPostgresOptions {
  /** Holds everything: binaries, data, password, log. Made when missing. */
  readonly directory: string;
  readonly logger: Logger;
  /** Off for tests alone: a machine that stops without warning would lose data. @default true */
  readonly fsync?: boolean;
  /** @default a free one */
  readonly port?: number;
  /** Called when a step begins. */
  readonly onProgress?: (step: EmbeddedPostgresStep) => void;
}

/** A real PostgreSQL server on 127.0.0.1 that belongs to this process. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** Where the server's administrator connects: holds the password. */
  readonly adminUrl: string;
  /** Where the owner of the named database connects: holds their password. */
  databaseUrl(name: string): string;
  /** Makes the database, and a role that owns it and can enter no other, unless they are there. */
  ensureDatabase(name: string): Promise<void>;
  /** Stops the server; nothing of it runs afterwards, its data stays. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of a directory: the data is made at the first start and found again at the next.
 * @throws StorageError `EMBEDDED_UNAVAILABLE`, `EMBEDDED_IN_USE`, `EMBEDDED_FAILED`
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const release = await lockDirectory(directory);
  try {
    const { server, password } = await start({ ...options, directory });
    const databases = new Databases(server.port, password);
    let stopped: Promise<void> | undefined;
    return {
      port: server.port,
      adminUrl: databases.adminUrl,
      databaseUrl: (name) => databases.databaseUrl(name),
      ensureDatabase: (name) => databases.ensureDatabase(name),
      stop: () => (stopped ??= stop(directory, server, release)),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Removes everything that {@link startEmbeddedPostgres} made in the directory, and the server that a killed process left.
 * @throws StorageError `EMBEDDED_IN_USE` while another process uses it
 */
export async function removeEmbeddedPostgres(options: { readonly directory: string }): Promise<void> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  await lockDirectory(directory);
  await stopLeftBehind(clusterDirectory(directory));
  await removeOutsideBinaries(directory);
  await rm(directory, { recursive: true, force: true });
}

async function start(options: EmbeddedPostgresOptions): Promise<{ server: Server; password: string }> {
  const { directory, logger, fsync = true, port, onProgress = () => undefined } = options;
  if (await stopLeftBehind(clusterDirectory(directory))) {
    onProgress('stopping-left-behind');
    logger.warn('embedded-postgres-left-behind-stopped');
  }
  const user = await chooseServiceUser();
  const binaries = await prepareBinaries(directory, user, () => onProgress('copying-binaries'));
  const cluster = await openCluster({ directory, binaries, user, fsync }, () => onProgress('initialising'));
  onProgress('starting');
  const server = await startServer({ cluster: cluster.directory, binaries, user, logFile: join(directory, 'postgresql.log'), fsync, port });
  logger.info('embedded-postgres-started', { port: server.port, pid: server.pid });
  return { server, password: cluster.password };
}

async function stop(directory: string, server: Server, release: ReleaseDirectory): Promise<void> {
  await server.stop();
  await removeOutsideBinaries(directory);
  await release();
}
