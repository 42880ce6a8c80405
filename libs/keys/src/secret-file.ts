import { readFile, stat } from 'node:fs/promises';
import { KeysError } from './keys-error.ts';

/** PINs and tokens have a few dozen characters. */
const MAX_SECRET_FILE_BYTES = 4096;

/**
 * The secret now, as it is or from a file, which is read anew each time. The file may be a link, as orchestrators mount
 * secrets; a line's end at its end is none of it.
 * @throws KeysError `HOLDER_MISCONFIGURED`, also where both or none of the two are given
 */
export async function readSecret(given: string | undefined, file: string | undefined, what: string): Promise<string> {
  if ((given === undefined) === (file === undefined)) throw new KeysError('HOLDER_MISCONFIGURED', `The key holder needs its ${what} or the file that holds it, one of the two.`);
  const secret = given ?? (await readSecretFile(file ?? '', what));
  if (secret === '') throw new KeysError('HOLDER_MISCONFIGURED', `The ${what} of the key holder is empty.`);
  return secret;
}

async function readSecretFile(path: string, what: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_SECRET_FILE_BYTES) throw new KeysError('HOLDER_MISCONFIGURED', `The file with the ${what} of the key holder is too large.`);
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    throw new KeysError('HOLDER_MISCONFIGURED', `The file with the ${what} of the key holder cannot be read.`, { cause });
  }
}
