/**
 * The PostgreSQL of one jest run, in a process of its own: prints its address when it is up, and stops and removes
 * everything when its standard input ends, so also when jest is killed.
 */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import './swc.mjs';

const { silentLogger } = await import('../libs/core/src/logger.ts');
const { removeEmbeddedPostgres, startEmbeddedPostgres } = await import('../libs/storage/src/embedded/embedded-postgres.ts');
const { applyMigrations } = await import('../libs/storage/src/migrations/apply-migrations.ts');

const ended = new Promise((resolve) => process.stdin.once('close', resolve).once('end', resolve).resume());
process.on('SIGINT', () => undefined);

const directory = await mkdtemp(join(tmpdir(), 'carecord-test-'));
// The account that PostgreSQL runs under passes through; what lies in here has its own protection.
await chmod(directory, 0o711);
try {
  const postgres = await startEmbeddedPostgres({ directory, logger: silentLogger, fsync: false });
  try {
    await makeTemplate(postgres.adminUrl);
    process.stdout.write(`${postgres.adminUrl}\n`);
    await ended;
  } finally {
    await postgres.stop();
  }
} finally {
  await removeEmbeddedPostgres({ directory });
}

/** A database with the migrations applied, which test databases are copied from. */
async function makeTemplate(adminUrl) {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query('CREATE DATABASE carecord_template');
  await admin.end();
  const url = new URL(adminUrl);
  url.pathname = '/carecord_template';
  await applyMigrations(url.href, new URL('../prisma/migrations', import.meta.url).pathname);
}
