/**
 * Runs jest in ESM mode with our loader conditions; `--long` runs the tests that are too long for `npm test` alone, `--soak` those
 * that want a machine for themselves.
 */
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const kind = ['long', 'soak'].find((name) => args.includes(`--${name}`));
const rest = args.filter((argument) => argument !== `--${kind}`);
const results = process.env.CARECORD_TEST_RESULTS;
const result = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--conditions=source',
    '--import=./tools/swc.mjs',
    'node_modules/jest/bin/jest.js',
    // Each of them takes more than a core.
    ...(kind === undefined ? [] : ['--maxWorkers', '1']),
    ...(results === undefined ? [] : ['--json', '--outputFile', results]),
    ...rest,
  ],
  {
    // With --json jest prints the result on stdout as well; it is in the file already.
    stdio: ['inherit', results === undefined ? 'inherit' : 'ignore', 'inherit'],
    // didwebvh-ts writes logs into the working directory where NODE_ENV is "test", which jest would set.
    env: { ...process.env, NODE_ENV: 'development', NODE_NO_WARNINGS: '1', ...(kind === undefined ? {} : { CARECORD_TEST_KIND: kind }) },
  },
);
process.exit(result.status ?? 1);
