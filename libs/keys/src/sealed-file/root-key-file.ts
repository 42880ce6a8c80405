import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { openWithPassphrase, randomNonce, sealWithPassphrase, sha256 } from '@carecord/crypto';
import { z } from 'zod';
import { KeysError } from '../keys-error.ts';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** A root key takes about 50 bytes, and few are kept at a time: a thousand of them fit. */
const MAX_FILE_BYTES = 64 * 1024;
/** Says what the file is before anything is opened. */
const HEADING = Buffer.from('carecord root keys 1\n', 'latin1');
/** The earlier file began with the suite of the passphrase sealing at once. */
const OLD_FIRST_BYTE = 1;

const contentSchema = z.strictObject({
  version: z.literal(1),
  rootKeys: z.array(z.strictObject({ number: z.int().positive(), key: bytes({ exactly: 32 }) })).min(1),
});

/** A root key with its number; oldest first in the file. */
export interface RootKey {
  readonly number: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** The sealed bytes of the file and what tells one state of it from the next. */
export interface SealedFile {
  readonly sealed: Uint8Array;
  readonly digest: Uint8Array;
}

/**
 * Reads the file without opening it; undefined when there is none.
 * @throws KeysError `KEY_FILE_INVALID`, `KEY_FILE_OLD`
 */
export async function readSealedFile(path: string): Promise<SealedFile | undefined> {
  const content = await readOwn(path);
  if (content === undefined) return undefined;
  if (content[0] === OLD_FIRST_BYTE) {
    throw new KeysError('KEY_FILE_OLD', 'The key file is of an earlier version of Carecord, which this one does not read: begin with an empty data directory.');
  }
  if (!content.subarray(0, HEADING.length).equals(HEADING)) throw invalid('The root key file is damaged, or is another file.');
  return { sealed: content.subarray(HEADING.length), digest: sha256(content) };
}

/** @throws KeysError `KEY_FILE_INVALID` when the passphrase is another one, or the file was changed */
export async function openSealedFile({ sealed }: SealedFile, passphrase: string): Promise<readonly RootKey[]> {
  try {
    const content = await openWithPassphrase(passphrase, sealed);
    const { rootKeys } = decodeWire(contentSchema, content, MAX_FILE_BYTES);
    // The decoder gives views on its input: the keys get memory of their own, which can be overwritten.
    const own = rootKeys.map(({ number, key }) => ({ number, key: Uint8Array.from(key) }));
    content.fill(0);
    return own;
  } catch (cause) {
    throw invalid('The root key file does not open: the passphrase is another one, or the file is damaged.', cause);
  }
}

/**
 * Seals the keys and puts the file in the place of the one before: whole and on the disk, or not at all. What a process
 * that died had begun to write is removed. Only for who holds the file's lock.
 * @returns the digest of the file
 */
export async function writeSealedFile(path: string, passphrase: string, rootKeys: readonly RootKey[]): Promise<Uint8Array> {
  const directory = dirname(path);
  const temporary = `${path}.${Buffer.from(randomNonce(6)).toString('hex')}.tmp`;
  try {
    const content = encodeWire(contentSchema, { version: 1, rootKeys: rootKeys.map(({ number, key }) => ({ number, key })) });
    const file = Buffer.concat([HEADING, await sealWithPassphrase(passphrase, content)]);
    content.fill(0);
    await removeUnfinished(path);
    await writeThrough(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, file);
    await rename(temporary, path);
    await writeThrough(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    return sha256(file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw invalid('The root key file cannot be written.', cause);
  }
}

/** Makes the directory of the file for its owner alone, if there is none. */
export async function makeDirectoryOf(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw invalid('The directory of the root key file cannot be made.', cause);
  }
}

async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(path);
  const unfinished = (await readdir(directory)).filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp'));
  for (const name of unfinished) await rm(join(directory, name), { force: true });
}

/** Writes the content, if any, and waits until it, or the directory's entry, is on the disk. */
async function writeThrough(path: string, flags: number, content?: Uint8Array): Promise<void> {
  const file = await open(path, flags, OWNER_ONLY);
  try {
    if (content !== undefined) await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readOwn(path: string): Promise<Buffer | undefined> {
  try {
    // A link could lead to a file that somebody else controls; a pipe would keep us waiting.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw invalid('The root key file is no ordinary file.');
      if ((status.mode & OTHERS) !== 0) throw invalid('The root key file can be read by others: make it readable by its owner alone (mode 600).');
      if (status.size > MAX_FILE_BYTES) throw invalid('The root key file is too large to be one.');
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof KeysError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid('The root key file cannot be read.', error);
  }
}

function invalid(sentence: string, cause?: unknown): KeysError {
  return new KeysError('KEY_FILE_INVALID', sentence, { cause });
}
