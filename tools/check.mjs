/**
 * `npm test`: types, lint, the committed interfaces (SDL, migrations) against the code, then every test.
 * Each step runs even when an earlier one failed, so that one run tells everything.
 */
import { spawnSync } from 'node:child_process';

const steps = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'lint and import rules', command: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'] },
  { name: 'GraphQL SDL is the committed one', command: ['--import', './tools/swc.mjs', 'tools/write-schema.ts', '--check'] },
  { name: 'migrations are the schema', command: ['tools/prisma-drift.mjs'] },
  { name: 'tests', command: ['tools/jest.mjs', ...process.argv.slice(2)] },
];

const failed = [];
for (const step of steps) {
  const started = Date.now();
  process.stderr.write(`\n== ${step.name}\n`);
  const { status } = spawnSync(process.execPath, step.command, { stdio: 'inherit', env: { ...process.env, NODE_NO_WARNINGS: '1' } });
  process.stderr.write(`== ${step.name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  if (status !== 0) failed.push(step.name);
}
if (failed.length > 0) process.stderr.write(`\nFailed: ${failed.join(', ')}\n`);
process.exit(failed.length === 0 ? 0 : 1);
