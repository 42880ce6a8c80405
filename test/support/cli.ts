import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../apps/cli/bin/carecord.mjs', import.meta.url));

/** A running `carecord` command. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Lines of stdout seen so far. */
  readonly lines: readonly string[];
  /** All of stderr seen so far. */
  errors(): string;
  /** Resolves with the first line, past or future, that satisfies the condition; rejects when the command ends before. */
  line(condition: (line: string) => boolean): Promise<string>;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** Starts the `carecord` command as a person would, with its own process. */
export function startCommand(args: readonly string[], environment: Readonly<Record<string, string>> = {}): RunningCommand {
  const child = spawn(process.execPath, [binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
  const lines: string[] = [];
  let errors = '';
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((check) => check());
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  let ended = false;
  const exited = once(child, 'close').then(([code]) => {
    ended = true;
    wake();
    return code as number | null;
  });
  return {
    child,
    lines,
    errors: () => errors,
    exited,
    line: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = lines.find(condition);
          if (found === undefined && !ended) return;
          waiting.delete(check);
          if (found === undefined) reject(new Error(`The command ended without that line. It said: ${errors}${lines.join('\n')}`));
          else resolve(found);
        };
        waiting.add(check);
        check();
      }),
  };
}
