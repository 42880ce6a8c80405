/**
 * `npm test`: types, lint, the committed interfaces (SDL, migrations) against the code, then every test.
 * Each step runs even when an earlier one failed, so that one run tells everything. Checks run side by side; each says what it has
 * to say when it has ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const checks = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'lint and import rules', command: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'] },
  { name: 'GraphQL SDL is the committed one', command: ['--import', './tools/swc.mjs', 'tools/write-schema.ts', '--check'] },
  { name: 'migrations are the schema', command: ['tools/prisma-drift.mjs'] },
];
const tests = { name: 'tests', command: ['tools/jest.mjs', ...process.argv.slice(2)] };

const failed = [];

async function run({ name, command }, stdio) {
  const started = Date.now();
  const said = [];
  const child = spawn(process.execPath, command, { stdio, env: { ...process.env, NODE_NO_WARNINGS: '1' } });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const [status] = await once(child, 'close');
  process.stderr.write(`\n== ${name}\n`);
  process.stderr.write(Buffer.concat(said));
  process.stderr.write(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  if (status !== 0) failed.push(name);
}

process.stderr.write(`Checking side by side: ${checks.map(({ name }) => name).join('; ')} ...\n`);
await Promise.all(checks.map((check) => run(check, ['ignore', 'pipe', 'pipe'])));
await run(tests, 'inherit');
if (failed.length > 0) process.stderr.write(`\nFailed: ${failed.join(', ')}\n`);
process.exit(failed.length === 0 ? 0 : 1);
