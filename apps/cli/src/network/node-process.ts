import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';

const binary = fileURLToPath(new URL('../../bin/carecord.mjs', import.meta.url));

/** A node that is not ready by then has failed: a cold start with migrations takes a few seconds on two busy cores. */
const READY_TIMEOUT_MILLISECONDS = 120_000;
/** How long a node may drain before it is killed: longer than any request's own time limit. */
const STOP_TIMEOUT_MILLISECONDS = 20_000;

const message = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    name: z.string(),
    did: z.string(),
    peerId: z.string(),
    http: z.string(),
    graphql: z.string().optional(),
    p2p: z.array(z.string()),
  }),
  z.object({ type: z.literal('failed'), reason: z.string() }),
]);

/** What a node says of itself once it is ready. */
export type NodeReady = Extract<z.infer<typeof message>, { type: 'ready' }>;

/** A running node process. */
export interface NodeProcess {
  readonly ready: NodeReady;
  /** Resolves with a sentence if the process ends without having been asked to. */
  readonly died: Promise<string>;
  /** Ends it at once, as a power cut would: for fault tests. */
  kill(): Promise<void>;
  /** Asks it to drain and stop, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts `carecord node` as a process of its own, in a process group of its own, so that Ctrl-C reaches it through us.
 * @param options `environment`: all that the node gets to know; `logFile`: where its log goes
 * @throws CliError `NODE_FAILED` with the node's own sentence, or `NODE_NOT_READY`
 */
export async function startNodeProcess(options: {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}): Promise<NodeProcess> {
  const log = await open(options.logFile, 'a', 0o600);
  const child = spawn(process.execPath, [binary, 'node'], {
    env: { NODE_NO_WARNINGS: '1', ...options.environment },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
    detached: true,
  });
  await log.close();
  let stopping = false;
  const exited = once(child, 'exit').then(([code, signal]) => `${options.name} ended by itself (${String(signal ?? `exit code ${code}`)}): see ${options.logFile}.`);
  const died = exited.then((sentence) => (stopping ? new Promise<string>(() => undefined) : sentence));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MILLISECONDS);
    await exited;
    clearTimeout(killer);
  };
  try {
    const ready = await readiness(child, options.name, exited);
    return {
      ready,
      died,
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
    };
  } catch (failure) {
    await end('SIGKILL');
    throw failure;
  }
}

async function readiness(child: ChildProcess, name: string, exited: Promise<string>): Promise<NodeReady> {
  const timeout = AbortSignal.timeout(READY_TIMEOUT_MILLISECONDS);
  const answer = Promise.race([once(child, 'message', { signal: timeout }), exited.then((sentence) => Promise.reject(new CliError('NODE_FAILED', sentence)))]);
  const [raw] = (await answer.catch((cause: unknown) => {
    if (cause instanceof CliError) throw cause;
    throw new CliError('NODE_NOT_READY', `${name} was not ready within ${READY_TIMEOUT_MILLISECONDS / 1000} seconds.`, { cause });
  })) as readonly unknown[];
  const parsed = message.parse(raw);
  if (parsed.type === 'failed') throw new CliError('NODE_FAILED', `${name} did not start: ${parsed.reason}`);
  return parsed;
}
