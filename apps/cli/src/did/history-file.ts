import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { historyFromFiles, MAX_DID_HISTORY_BYTES } from '@carecord/identity';
import type { DidHistory } from '@carecord/identity';
import { CliError } from '../cli-error.ts';

/**
 * Reads a history as a web server would publish it: `did.jsonl`, and where they stand in the same folder, `did-witness.json`
 * and `did-cosignatures.json`. Nothing is verified.
 * @throws CliError `FILE_UNUSABLE`; IdentityError `DID_LOG_INVALID`
 */
export async function readHistoryFile(path: string): Promise<DidHistory> {
  const log = await readIfThere(path);
  if (log === undefined) throw new CliError('FILE_UNUSABLE', `There is no file ${path}.`);
  const [witness, cosignatures] = await Promise.all(['did-witness.json', 'did-cosignatures.json'].map((name) => readIfThere(join(dirname(path), name))));
  return historyFromFiles({ log, witness, cosignatures });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > MAX_DID_HISTORY_BYTES) throw new CliError('FILE_UNUSABLE', `${path} is larger than a history may be.`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause instanceof CliError ? cause : new CliError('FILE_UNUSABLE', `${path} cannot be read.`, { cause });
  }
}
