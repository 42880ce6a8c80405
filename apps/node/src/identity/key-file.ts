import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomNonce, sealWithPassphrase, openWithPassphrase } from '@carecord/crypto';
import { decodeKeySeeds, encodeKeySeeds } from '@carecord/identity';
import type { HospitalKeySeeds } from '@carecord/identity';
import { NodeError } from '../failures/node-error.ts';

const KEY_FILE = 'keys.sealed';
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** Six sealed seeds are a few hundred bytes: anything larger is another file. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Where a node's sealed keys are. */
export function keyFilePath(dataDirectory: string): string {
  return join(dataDirectory, KEY_FILE);
}

/**
 * Reads and opens the key file.
 * @returns undefined when there is none
 * @throws NodeError `KEY_FILE_INVALID` when others may read it, when it is damaged or the passphrase is another one
 */
export async function loadKeyFile(path: string, passphrase: string): Promise<HospitalKeySeeds | undefined> {
  const sealed = await readOwn(path);
  if (sealed === undefined) return undefined;
  try {
    return decodeKeySeeds(await openWithPassphrase(passphrase, sealed));
  } catch (cause) {
    throw new NodeError('KEY_FILE_INVALID', 'The key file does not open: the passphrase is another one, or the file is damaged.', { cause });
  }
}

/**
 * Seals the keys and writes them so that either the whole file is there afterwards or none: to a temporary file first,
 * flushed, then renamed.
 */
export async function saveKeyFile(path: string, passphrase: string, seeds: HospitalKeySeeds): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${Buffer.from(randomNonce(6)).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', OWNER_ONLY);
    try {
      await file.writeFile(await sealWithPassphrase(passphrase, encodeKeySeeds(seeds)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new NodeError('KEY_FILE_INVALID', 'The key file cannot be written to the data directory.', { cause });
  }
}

async function readOwn(path: string): Promise<Uint8Array | undefined> {
  try {
    // A link could lead to a file that somebody else controls.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { mode, size } = await file.stat();
      if ((mode & OTHERS) !== 0) throw new NodeError('KEY_FILE_INVALID', 'The key file can be read by others: make it readable by its owner alone (mode 600).');
      if (size > MAX_KEY_FILE_BYTES) throw new NodeError('KEY_FILE_INVALID', 'The key file is too large to be one.');
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof NodeError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new NodeError('KEY_FILE_INVALID', 'The key file cannot be read.', { cause: error });
  }
}

/** Whether a key file stands there, whatever is in it. */
export async function hasKeyFile(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
