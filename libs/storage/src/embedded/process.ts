import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * When the process started, in clock ticks since the machine did (proc(5), field 22 of `stat`): with the process id it
 * names one process for good, since ids are used again. `undefined` when it does not run.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The processes of a program (its file's name) that were started in a directory, as far as they are ours to see. */
export async function processesIn(directory: string, program: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid));
  const found = await Promise.all(pids.map((pid) => runsIn(pid, directory, program)));
  return pids.filter((_, index) => found[index]);
}

async function runsIn(pid: number, directory: string, program: string): Promise<boolean> {
  try {
    // A file that was replaced since reads as "path (deleted)".
    const executable = basename(await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
    return executable === program && (await readlink(`/proc/${pid}/cwd`)) === directory;
  } catch {
    return false;
  }
}

/** Waits on the machine's own clock: for other processes, which know no injected one. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
