import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeProcess, startNodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { createTestDatabase } from '../../libs/testkit/src/database.ts';
import { startCommand } from './cli.ts';

/** What a command left behind. */
export interface CommandResult {
  readonly code: number | null;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly errors: string;
}

/** Runs a `carecord` command to its end. */
export async function runCommand(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const command = startCommand(args, environment);
  const code = await command.exited;
  return { code, output: command.lines.join('\n'), errors: command.errors() };
}

/** Runs a command that has to succeed. @returns its standard output */
export async function succeed(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, output, errors } = await runCommand(args, environment);
  if (code !== 0) throw new Error(`carecord ${args.join(' ')} ended with ${code}: ${errors}${output}`);
  return output;
}

/** Organisations that a test starts by hand, each with a folder and a database of its own. */
export class Organisations {
  private readonly running: NodeProcess[] = [];
  private readonly databases: { drop(): Promise<void> }[] = [];

  private constructor(readonly directory: string) {}

  static async create(): Promise<Organisations> {
    return new Organisations(await mkdtemp(join(tmpdir(), 'carecord-organisations-')));
  }

  /** A file in the common folder that its owner alone may read. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  /**
   * Makes what an operator makes before a node is started for the first time.
   * @param changes variables that are added to, or stand in the place of, the usual ones
   */
  async add(slug: string, role: 'hospital' | 'authority', changes: Readonly<Record<string, string>> = {}): Promise<Organisation> {
    const data = join(this.directory, slug);
    await mkdir(data, { mode: 0o700 });
    const database = await createTestDatabase({ migrated: false });
    this.databases.push(database);
    const environment = {
      CARECORD_DEMO: '1',
      CARECORD_ROLE: role,
      CARECORD_NAME: `${slug[0]?.toUpperCase() ?? ''}${slug.slice(1)}`,
      CARECORD_DOMAIN: `${slug}.hospital.example`,
      CARECORD_DATA_DIRECTORY: data,
      CARECORD_KEY_PASSPHRASE_FILE: await this.file(`${slug}.passphrase`, `a long one for ${slug} alone`),
      CARECORD_HTTP_HOST: '127.0.0.1',
      CARECORD_HTTP_PORT: String(await freePort()),
      CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0',
      DATABASE_URL: database.url,
      ...changes,
    };
    return new Organisation(slug, environment, join(this.directory, `${slug}.log`), this.running);
  }

  /** Stops every node that runs and removes everything. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map((node) => node.stop()));
    await Promise.all(this.databases.map((database) => database.drop()));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** One organisation: the environment in which its operator works. */
export class Organisation {
  constructor(
    readonly slug: string,
    readonly environment: Readonly<Record<string, string>>,
    readonly logFile: string,
    private readonly running: NodeProcess[],
  ) {}

  /** Where its node answers. */
  get url(): string {
    return `http://127.0.0.1:${this.environment['CARECORD_HTTP_PORT']}`;
  }

  /** The same organisation with another configuration; a variable that is given as undefined is taken away. */
  with(changes: Readonly<Record<string, string | undefined>>): Organisation {
    const environment = Object.fromEntries(Object.entries({ ...this.environment, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined));
    return new Organisation(this.slug, environment, this.logFile, this.running);
  }

  /** Runs a command in the operator's environment; it has to succeed. @returns its standard output */
  command(...args: readonly string[]): Promise<string> {
    return succeed(args, this.environment);
  }

  /** Starts the node, and waits until it is ready. @throws CliError with the node's sentence */
  async start(): Promise<NodeProcess> {
    const node = await startNodeProcess({ name: this.slug, environment: this.environment, logFile: this.logFile });
    this.running.push(node);
    return node;
  }

  /** Starts the node as an operator would who watches it fail: nothing but its sentences is on standard error. */
  startInVain(): Promise<CommandResult> {
    return runCommand(['node'], { ...this.environment, CARECORD_LOG_LEVEL: 'silent' });
  }
}

/** A port that nobody has now; the next to ask may be given it again. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
