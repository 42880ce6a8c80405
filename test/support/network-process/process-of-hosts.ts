import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { type CommandAnswer, type CommandName, type CommandRequest, commands, reportSchema } from './commands.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('child.ts', import.meta.url));
/** No order takes longer, even on a busy machine. */
const ORDER_MILLISECONDS = 300_000;
/** What a process has to say before it ends, at the most. */
const KEPT_ERROR_CHARACTERS = 20_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of its own that runs some of a network's hosts with real sockets. */
export class ProcessOfHosts {
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<unknown>;
  private errors = '';
  private lastId = 0;

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-KEPT_ERROR_CHARACTERS);
    });
    child.on('message', (message) => this.take(message));
    this.ended = once(child, 'close').then(([code, signal]) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`The process of hosts ended (${String(code ?? signal)}): ${this.errors}`));
      this.waiting.clear();
    });
  }

  /** @param inside a command that runs the program, e.g. `['nsenter', '--net=…']` */
  static start(inside: readonly string[] = []): ProcessOfHosts {
    const own = [process.execPath, '--conditions=source', '--import=./tools/swc.mjs', program];
    const [command, ...rest] = [...inside, ...own] as [string, ...string[]];
    const child = spawn(command, rest, {
      cwd: root,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'], NODE_ENV: 'development', NODE_NO_WARNINGS: '1' },
    });
    return new ProcessOfHosts(child);
  }

  /** Has a command carried out. @throws Error when it fails, or when the process ends before it has answered */
  async order<Name extends CommandName>(command: Name, request: CommandRequest<Name>): Promise<CommandAnswer<Name>> {
    if (!this.child.connected) throw new Error(`The process of hosts is not there: ${this.errors}`);
    const id = (this.lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.waiting.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(new Error(`"${command}" was not done within ${ORDER_MILLISECONDS / 1000} s: ${this.errors}`)), ORDER_MILLISECONDS);
    try {
      this.child.send({ id, command, request });
      return (commands[command].answer as z.ZodType).parse(await promise) as CommandAnswer<Name>;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  /** As when the power fails: no goodbye. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** It stands still and keeps its sockets open: others see a member that takes everything and answers nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  private take(message: unknown): void {
    const report = reportSchema.parse(message);
    const waiting = this.waiting.get(report.id);
    this.waiting.delete(report.id);
    if (report.ok) waiting?.resolve(report.answer);
    else waiting?.reject(new Error(report.error));
  }
}
