import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { StorageError } from '../storage-error.ts';
import type { Binaries } from './binaries.ts';
import { DATA_DIRECTORY } from './cluster.ts';
import { pause } from './process.ts';
import { readPostmaster } from './postmaster.ts';
import type { ServiceUser } from './service-user.ts';

/** Recovery after a crash replays what was written since the last checkpoint; more than this means that something is wrong. */
const START_MILLISECONDS = 60_000;
/** A stop waits for a checkpoint to reach the disk. */
const STOP_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 10;
/** Another program may take the free port between our look and PostgreSQL's start. */
const PORT_ATTEMPTS = 5;

export interface ServerOptions {
  readonly cluster: string;
  readonly binaries: Binaries;
  readonly user: ServiceUser | undefined;
  readonly logFile: string;
  readonly fsync: boolean;
  readonly port: number | undefined;
}

/** A running PostgreSQL on 127.0.0.1. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Ends connections, writes a checkpoint and ends. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL and waits until it accepts connections.
 * @throws StorageError `EMBEDDED_FAILED` with PostgreSQL's own reason
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const child = await spawnServer(options, port);
    const failure = await waitUntilReady(child, options);
    if (failure === undefined) return { port, pid: child.pid as number, stop: () => stopServer(child) };
    const portTaken = failure.includes('could not bind') || failure.includes('could not create any TCP/IP sockets');
    if (!portTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) {
      throw new StorageError('EMBEDDED_FAILED', `The embedded PostgreSQL did not start: ${failure}`);
    }
  }
}

async function spawnServer({ cluster, binaries, user, logFile, fsync }: ServerOptions, port: number): Promise<ChildProcess> {
  const log = await open(logFile, 'w', 0o600);
  try {
    const args = Object.entries(settings(port, fsync)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(binaries.postgres, ['-D', DATA_DIRECTORY, ...args], {
      cwd: cluster,
      ...user,
      env: {},
      stdio: ['ignore', log.fd, log.fd],
      // Ctrl-C in a terminal goes to the whole group: the database must outlive the programs that still write to it.
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new StorageError('EMBEDDED_FAILED', `PostgreSQL could not be started: ${cause.message}`, { cause })));
    });
    return child;
  } finally {
    await log.close();
  }
}

function settings(port: number, fsync: boolean): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    jit: 'off',
    // The log is no place for data: neither statements nor the values in an error's details.
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/** PostgreSQL's reason when it ended instead. */
async function waitUntilReady(child: ChildProcess, { cluster, logFile }: ServerOptions): Promise<string | undefined> {
  for (let waited = 0; waited < START_MILLISECONDS; waited += POLL_MILLISECONDS) {
    if (hasEnded(child)) return lastComplaint(logFile);
    const postmaster = await readPostmaster(cluster);
    if (postmaster !== undefined && postmaster.pid === child.pid && postmaster.status === 'ready') return undefined;
    await pause(POLL_MILLISECONDS);
  }
  await stopServer(child);
  return 'it took too long';
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function lastComplaint(logFile: string): Promise<string> {
  const complaints = (await readFile(logFile, 'utf8')).split('\n').filter((line) => /(FATAL|PANIC|WARNING|LOG: +could not|postgres:)/.test(line));
  return complaints.join(' ').slice(-1000) || 'it gave no reason';
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // PostgreSQL's "fast shutdown": roll back, disconnect, checkpoint.
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGQUIT'), STOP_MILLISECONDS);
  await ended;
  clearTimeout(late);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
