import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';
import { exists } from './files.ts';
import { pause, processesIn } from './process.ts';

/** What PostgreSQL writes about itself into `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly status: string;
}

const PID_LINE = 0;
const STATUS_LINE = 7;

/** An orderly stop ends within seconds; after that the server is ended without one, which the next start recovers from. */
const ORDERLY_MILLISECONDS = 20_000;
const HARD_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 25;

/** The server that says that it runs in this cluster, if any. */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  try {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
    const pid = Number(lines[PID_LINE]);
    return Number.isInteger(pid) && pid > 1 ? { pid, status: (lines[STATUS_LINE] ?? '').trim() } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stops the server that a killed process left running in the cluster, and what a killed server left of itself. They are
 * told by program and working directory, not by the id in `postmaster.pid`, which may belong to another program by now.
 * @returns whether there was one
 * @throws StorageError `EMBEDDED_FAILED` when it does not end
 */
export async function stopLeftBehind(cluster: string): Promise<boolean> {
  if (!(await exists(cluster))) return false;
  const directory = await realpath(cluster);
  const postmaster = await readPostmaster(cluster);
  let remaining = await processesIn(directory, 'postgres');
  const found = remaining.length > 0;
  if (postmaster !== undefined && remaining.includes(postmaster.pid)) {
    signal(postmaster.pid, 'SIGINT');
    remaining = await waitForEnd(directory, ORDERLY_MILLISECONDS);
  }
  for (const name of ['SIGQUIT', 'SIGKILL'] as const) {
    for (const pid of remaining) signal(pid, name);
    if (remaining.length > 0) remaining = await waitForEnd(directory, HARD_MILLISECONDS);
  }
  if (remaining.length > 0) throw new StorageError('EMBEDDED_FAILED', 'A PostgreSQL that an earlier start left behind does not end.');
  // PostgreSQL would take another program that has this id now for itself, and refuse to start.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function waitForEnd(directory: string, patience: number): Promise<number[]> {
  for (let waited = 0; ; waited += POLL_MILLISECONDS) {
    const remaining = await processesIn(directory, 'postgres');
    if (remaining.length === 0 || waited >= patience) return remaining;
    await pause(POLL_MILLISECONDS);
  }
}
