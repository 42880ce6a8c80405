import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64UrlSchema, fromBase64Url, toBase64Url } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { randomKey, randomNonce } from '@carecord/crypto';
import { KeysError } from '@carecord/keys';
import type { KeyHolder, WrappedKey } from '@carecord/keys';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';

const PEER_KEY_FILE = 'peer-key.json';
const OWNER_ONLY = 0o600;
const CONTEXT = 'node/peer-key';
const NO_BINDING = new Uint8Array();
/** A wrapped seed of 32 bytes, whatever the key holder adds. */
const MAX_WRAPPED_BYTES = 4096;
const fileSchema = z.strictObject({ rootKeyId: z.string().max(64), wrapped: base64UrlSchema({ atMost: MAX_WRAPPED_BYTES }) });

/**
 * The seed of this replica's PeerId (Ed25519): each replica of a hospital has its own, so it lies in the replica's folder and
 * not in the database, wrapped like every other key. It is wrapped anew when the root key has changed. One that cannot be
 * opened any more, because its root key was destroyed meanwhile, is replaced: another PeerId does no harm.
 * @throws NodeError `KEY_FILE_INVALID` when the file is damaged or cannot be written
 */
export async function ensurePeerSeed(dataDirectory: string, holder: KeyHolder, logger: Logger): Promise<Uint8Array> {
  const path = join(dataDirectory, PEER_KEY_FILE);
  const known = await read(path);
  if (known !== undefined) {
    try {
      const seed = await holder.unwrap(known, CONTEXT, NO_BINDING);
      if (known.rootKeyId !== (await holder.rootKeyIds()).at(-1)) await write(path, await holder.wrap(seed, CONTEXT, NO_BINDING));
      return seed;
    } catch (error) {
      if (error instanceof KeysError && error.code === 'UNWRAP_FAILED') throw damaged(error);
      if (!(error instanceof KeysError) || error.code !== 'ROOT_KEY_UNKNOWN') throw error;
      logger.warn('peer-key-replaced', { code: error.code });
    }
  }
  const seed = randomKey();
  await write(path, await holder.wrap(seed, CONTEXT, NO_BINDING));
  return seed;
}

async function read(path: string): Promise<WrappedKey | undefined> {
  try {
    const { rootKeyId, wrapped } = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { rootKeyId, ciphertext: fromBase64Url(wrapped) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damaged(cause);
  }
}

function damaged(cause: unknown): NodeError {
  return new NodeError('KEY_FILE_INVALID', `The file ${PEER_KEY_FILE} in the data directory is damaged: remove it, and the node makes a new one.`, { cause });
}

async function write(path: string, { rootKeyId, ciphertext }: WrappedKey): Promise<void> {
  const temporary = `${path}.${Buffer.from(randomNonce(6)).toString('hex')}`;
  try {
    await writeFile(temporary, JSON.stringify({ rootKeyId, wrapped: toBase64Url(ciphertext) }), { mode: OWNER_ONLY, flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new NodeError('KEY_FILE_INVALID', `The file ${PEER_KEY_FILE} cannot be written to the data directory.`, { cause });
  }
}
