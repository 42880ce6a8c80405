/**
 * Runs jest in ESM mode with our loader conditions; `--long` runs the tests that are too long for `npm test` alone, `--soak` those
 * that want a machine for themselves.
 */
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const long = args.includes('--long');
const soak = args.includes('--soak');
const rest = args.filter((argument) => argument !== '--long' && argument !== '--soak');
const results = process.env.CARECORD_TEST_RESULTS;
const result = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--conditions=source',
    '--import=./tools/swc.mjs',
    'node_modules/jest/bin/jest.js',
    ...(long ? ['--testPathPatterns', '\\.long\\.test\\.ts$', '--passWithNoTests'] : []),
    ...(soak ? ['--testPathPatterns', '\\.soak\\.test\\.ts$'] : []),
    ...(results === undefined ? [] : ['--json', '--outputFile', results]),
    ...rest,
  ],
  {
    // With --json jest prints the result on stdout as well; it is in the file already.
    stdio: ['inherit', results === undefined ? 'inherit' : 'ignore', 'inherit'],
    // didwebvh-ts writes logs into the working directory where NODE_ENV is "test", which jest would set.
    env: { ...process.env, NODE_ENV: 'development', NODE_NO_WARNINGS: '1', ...(long ? { CARECORD_LONG_TESTS: '1' } : {}), ...(soak ? { CARECORD_SOAK_TESTS: '1' } : {}) },
  },
);
process.exit(result.status ?? 1);
