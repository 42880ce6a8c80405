import { readFileSync, statSync } from 'node:fs';

/** A mounted secret is a line or a short list; anything larger is the wrong file. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Reads a configuration file; a failure becomes one sentence in `mistakes` that names the variable, not the content. */
export function readMounted(variable: string, path: string | undefined, mistakes: string[]): string | undefined {
  if (path === undefined) return undefined;
  try {
    if (statSync(path).size > MAX_FILE_BYTES) {
      mistakes.push(`${variable} names a file that is larger than 1 MiB.`);
      return undefined;
    }
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') mistakes.push(`${variable} names an empty file.`);
    return text === '' ? undefined : text;
  } catch (error) {
    mistakes.push(`${variable} names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
    return undefined;
  }
}
