import { DatabaseSync } from 'node:sqlite';
import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { KeysError } from '../keys-error.ts';

/** A change takes two key derivations and a write, about half a second; a few may stand in line. */
const PATIENCE_MILLISECONDS = 15_000;
const PAUSE_MILLISECONDS = 50;
/** SQLite's result code; an extended code has more in its higher bits. */
const SQLITE_BUSY = 5;
const RESULT_CODE_MASK = 0xff;

/**
 * Runs work while no other process does the same with this path. The lock is the operating system's on an empty SQLite
 * database beside the file: it ends with the process that holds it, however that ends.
 * @throws KeysError `KEY_FILE_BUSY`, `KEY_FILE_INVALID` when the lock cannot be made
 */
export async function withFileLock<Result>(path: string, clock: Clock, work: () => Promise<Result>): Promise<Result> {
  const database = openDatabase(`${path}.lock`);
  try {
    const patienceEnds = later(clock.now(), PATIENCE_MILLISECONDS);
    while (!tryLock(database)) {
      if (clock.now() >= patienceEnds) throw new KeysError('KEY_FILE_BUSY', 'Another process changes the root key file and does not come to an end.');
      await clock.sleepUntil(later(clock.now(), PAUSE_MILLISECONDS));
    }
    return await work();
  } finally {
    database.close();
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    // Waiting inside SQLite would stop the whole process.
    return new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw lockFailed(cause);
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((((error as { readonly errcode?: number }).errcode ?? 0) & RESULT_CODE_MASK) === SQLITE_BUSY) return false;
    throw lockFailed(error);
  }
}

function lockFailed(cause: unknown): KeysError {
  return new KeysError('KEY_FILE_INVALID', 'The root key file cannot be locked: the directory must be writable and on a file system with locks.', { cause });
}
