/**
 * Prisma's CLI with an embedded database of its own, which `migrate` needs to replay the migrations:
 *
 *     node tools/prisma.mjs migrate dev --create-only --name what_changes
 *     node tools/prisma.mjs migrate diff --from-migrations prisma/migrations --to-schema prisma/schema.prisma --script
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { withDatabase } from './prisma-database.mjs';

process.exitCode = await withDatabase((url) => runPrisma(process.argv.slice(2), { DATABASE_URL: url }));

function runPrisma(args, environment) {
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js');
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, CHECKPOINT_DISABLE: '1', ...environment },
    stdio: 'inherit',
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}
