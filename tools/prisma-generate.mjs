/**
 * Generates the database client unless the one that is there is newer than what it is made from. Built-ins only; what
 * Prisma prints goes to stderr.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const client = join(root, 'libs/storage/src/generated/client.ts');
const sources = ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json', 'node_modules/@prisma/client/package.json'];

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (changedAt(client) > Math.max(...sources.map((path) => changedAt(join(root, path))))) process.exit(0);

process.stderr.write('Generating the database client ...\n');
rmSync(dirname(client), { recursive: true, force: true });
const cli = createRequire(join(root, 'libs/storage/package.json')).resolve('prisma/build/index.js');
const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'generate'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
});
if (status !== 0 || changedAt(client) === 0) {
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}
const now = new Date();
utimesSync(client, now, now);
