/**
 * Makes a fresh clone runnable: installs the locked dependencies when they are missing or out of date, then generates the
 * database client. Built-ins only, and plain enough for the machine's own Node (20 or later): it runs before anything is
 * installed. Everything it says goes to stderr, so that `npm start --silent -- --json` keeps stdout to itself.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.carecord-prepared');

/** Changes whenever the locked dependencies do. */
function lockDigest() {
  return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}

function run(command, args, failure) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: process.env });
  if (result.status === 0) return;
  process.stderr.write(`${failure}\n`);
  process.exit(1);
}

const digest = lockDigest();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  process.stderr.write('Installing dependencies (once: about 360 MB to download, 0.9 GB on disk) ...\n');
  run(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    'The dependencies could not be installed. Check that the npm registry can be reached, then run the command again.',
  );
  writeFileSync(stamp, digest);
}

const node = join(root, 'node_modules', '.bin', 'node');
run(
  existsSync(node) ? node : process.execPath,
  [join(root, 'tools', 'prisma-generate.mjs')],
  'The database client could not be generated. Run "npm run reset" and try again; the lines above say what failed.',
);
