/**
 * `npm run bench -- SUITE [--json] [--full]`: runs test/bench/SUITE.bench.ts, which prints a figure a line.
 * Without a suite it lists them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const [suite, ...options] = process.argv.slice(2);
const known = readdirSync('test/bench')
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));
const file = `test/bench/${suite}.bench.ts`;
if (suite === undefined || !known.includes(suite) || !existsSync(file)) {
  process.stderr.write(`Name a suite: ${known.join(', ')}. For example: npm run bench -- ${known[0]} --json\n`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ['--import', './tools/swc.mjs', file, ...options], {
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
process.exit(status ?? 1);
