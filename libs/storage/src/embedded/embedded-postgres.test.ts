import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { Client } from 'pg';
import { clusterDirectory } from './cluster.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresStep } from './embedded-postgres.ts';
import { readPostmaster } from './postmaster.ts';
import { pause, processesIn } from './process.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

describe('the embedded PostgreSQL', () => {
  let parent: string;
  let directory: string;
  let steps: EmbeddedPostgresStep[];
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'carecord-embedded-'));
    await chmod(parent, 0o711);
    directory = join(parent, 'postgres');
    steps = [];
  });
  afterEach(async () => {
    await removeEmbeddedPostgres({ directory });
    await rm(parent, { recursive: true, force: true });
  });

  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ directory, logger: silentLogger, fsync: false, onProgress: (step) => steps.push(step) });
  const runningServers = (): Promise<number[]> => processesIn(clusterDirectory(directory), 'postgres');

  it('keeps its data from one start to the next, and nothing runs in between', async () => {
    const first = await start();
    await first.ensureDatabase('hospital_a');
    await query(first.databaseUrl('hospital_a'), 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop();
    await first.stop();
    expect(await runningServers()).toEqual([]);
    expect(steps).toEqual(['copying-binaries', 'initialising', 'starting']);

    const second = await start();
    await second.ensureDatabase('hospital_a');
    expect(await query(second.databaseUrl('hospital_a'), 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await second.stop();
    expect(steps.slice(3)).toEqual(['starting']);
  });

  it("lets the owner of a database into no other, and nobody in without a password", async () => {
    const postgres = await start();
    await postgres.ensureDatabase('hospital_a');
    await postgres.ensureDatabase('hospital_b');
    const foreign = new URL(postgres.databaseUrl('hospital_a'));
    foreign.pathname = '/hospital_b';
    await expect(query(foreign.href, 'SELECT 1')).rejects.toThrow('permission denied');
    const guessed = new URL(postgres.databaseUrl('hospital_b'));
    guessed.password = new URL(postgres.databaseUrl('hospital_a')).password;
    await expect(query(guessed.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(directory, 'password'))).mode & 0o777).toBe(0o600);
    expect((await stat(clusterDirectory(directory))).mode & 0o777).toBe(0o700);
    await postgres.stop();
  });

  it('refuses database names that are none, or not for us', async () => {
    const postgres = await start();
    for (const name of ['', 'Hospital', 'a b', 'a"; DROP', 'postgres', 'template1', 'pg_x', 'carecord_admin', 'x'.repeat(64)]) {
      await expect(postgres.ensureDatabase(name)).rejects.toMatchObject({ code: 'DATABASE_NAME' });
      expect(() => postgres.databaseUrl(name)).toThrow('A database name');
    }
    await postgres.stop();
  });

  it('refuses a second start while the first runs, and allows it afterwards', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({ code: 'EMBEDDED_IN_USE' });
    await expect(removeEmbeddedPostgres({ directory })).rejects.toMatchObject({ code: 'EMBEDDED_IN_USE' });
    expect(await query(first.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.stop();
    await (await start()).stop();
  });

  it('stops the server that a killed process left behind, and loses nothing that was committed', async () => {
    const { url, kill } = await startInOtherProcess(directory);
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await kill();
    const leftBehind = await readPostmaster(clusterDirectory(directory));
    expect(await runningServers()).toContain(leftBehind?.pid);

    const postgres = await start();
    expect(steps).toEqual(['stopping-left-behind', 'starting']);
    expect(await query(postgres.databaseUrl('hospital_a'), 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await postgres.stop();
    expect(await runningServers()).toEqual([]);
  });

  it('starts again after the server itself was killed in the middle of its work', async () => {
    const first = await start();
    const busy = query(first.adminUrl, 'SELECT count(*) FROM generate_series(1, 1000000000)').then(
      () => 'answered',
      () => 'cut off',
    );
    const postmaster = await readPostmaster(clusterDirectory(directory));
    process.kill(postmaster?.pid ?? 0, 'SIGKILL');
    await first.stop();
    const second = await start();
    expect(await query(second.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
    expect(await busy).toBe('cut off');
  });

  it('makes the data anew when their making was cut short', async () => {
    await mkdir(join(directory, 'cluster.unfinished'), { recursive: true });
    await mkdir(join(directory, 'cluster.unfinished', 'base'));
    const postgres = await start();
    expect(await query(postgres.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  it('writes no statement and no value into its log', async () => {
    const postgres = await start();
    await query(postgres.adminUrl, 'CREATE TABLE t (v text PRIMARY KEY)');
    await query(postgres.adminUrl, "INSERT INTO t VALUES ('canary-1')");
    await expect(query(postgres.adminUrl, "INSERT INTO t VALUES ('canary-1')")).rejects.toThrow('duplicate key');
    await expect(query(postgres.adminUrl, "SELECT * FROM t WHERE v = 'canary-2' AND nowhere")).rejects.toThrow();
    await postgres.stop();
    expect(await readFile(join(directory, 'postgresql.log'), 'utf8')).not.toContain('canary');
  });

  itAsRoot('runs where the account of the server cannot pass, and leaves nothing when it is removed', async () => {
    await chmod(parent, 0o700);
    const postgres = await start();
    expect(await query(postgres.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const outside = await readFile(join(directory, 'binaries-at'), 'utf8');
    expect(await readdir(outside)).toHaveLength(1);
    await postgres.stop();
    await expect(stat(outside)).rejects.toThrow('ENOENT');
    await removeEmbeddedPostgres({ directory });
    expect(await readdir(parent)).toEqual([]);
  });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Starts it in a process that can be killed without a word. */
async function startInOtherProcess(directory: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const program = `
    import { silentLogger } from '@carecord/core';
    import { startEmbeddedPostgres } from '@carecord/storage';
    const postgres = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, logger: silentLogger, fsync: false });
    await postgres.ensureDatabase('hospital_a');
    process.stdout.write(postgres.databaseUrl('hospital_a'));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--conditions=source', '--import=./tools/swc.mjs', '--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', (code) => reject(new Error(`The other process ended with ${String(code)}.`)));
  });
  return {
    url,
    kill: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await pause(0);
    },
  };
}
