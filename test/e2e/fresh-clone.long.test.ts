import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** Downloading and unpacking the dependencies on a slow line takes minutes. */
const TIMEOUT = 15 * 60_000;
const run = promisify(execFile);

const isCheckout = spawnSync('git', ['rev-parse', '--verify', 'HEAD']).status === 0;
if (!isCheckout) console.warn('Skipped: this is no git checkout with a commit, so there is nothing to clone.');

(isCheckout ? describe : describe.skip)('a fresh clone', () => {
  let clone: string;
  /** As a newcomer has it: without this project's own binaries and settings. */
  const environment = (): NodeJS.ProcessEnv => ({
    HOME: process.env['HOME'],
    PATH: (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')).join(delimiter),
  });

  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), 'carecord-clone-'));
    await run('git', ['clone', '--quiet', process.cwd(), clone]);
  });
  afterAll(() => rm(clone, { recursive: true, force: true }));

  it(
    'installs what is missing, runs the scenario, and prints JSON lines alone on stdout',
    async () => {
      const { stdout, stderr } = await run('npm', ['start', '--silent', '--', '--json', '--once'], { cwd: clone, env: environment(), maxBuffer: 64 * 1024 * 1024 });
      const events = stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { event: string }).event);
      expect(events.at(0)).toBe('ready');
      expect(events.at(-1)).toBe('done');
      expect(stderr).toMatch(/Installing dependencies/);
      expect((await run('git', ['status', '--porcelain'], { cwd: clone })).stdout).toBe('');
    },
    TIMEOUT,
  );

  it(
    'removes its data with npm run reset',
    async () => {
      const { stdout } = await run('npm', ['run', 'reset', '--silent'], { cwd: clone, env: environment() });
      expect(stdout).toMatch(/has been removed/);
    },
    TIMEOUT,
  );
});
