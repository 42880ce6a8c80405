/**
 * Fails when `prisma/migrations` and `prisma/schema.prisma` do not describe the same database: replays the migrations
 * on an empty PostgreSQL and compares. It asks the schema engine itself and wants an explicit answer: through Prisma's
 * CLI an engine that dies looks like "no difference".
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDatabase } from './prisma-database.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await withDatabase(async (url) => {
  const lines = await askEngine(url, { id: 1, jsonrpc: '2.0', method: 'diff', params: { ...comparison(), script: true, exitCode: true } });
  const answer = lines.find(({ id, method }) => id === 1 && method === undefined);
  if (answer?.result?.exitCode === 0) return;
  process.exitCode = 1;
  if (answer?.result?.exitCode !== 2) {
    process.stderr.write(`The schema engine could not compare: ${JSON.stringify(answer?.error?.data?.message ?? 'no answer')}\n`);
    return;
  }
  const script = lines.find(({ method }) => method === 'print')?.params.content ?? '';
  process.stderr.write(`prisma/migrations do not lead to prisma/schema.prisma. What is missing:\n\n${script}\n
Make a migration with: node tools/prisma.mjs migrate dev --create-only --name what_changes\n`);
});

function comparison() {
  const read = (path) => readFileSync(join(root, 'prisma', path), 'utf8');
  const names = readdirSync(join(root, 'prisma/migrations'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return {
    from: {
      tag: 'migrations',
      baseDir: join(root, 'prisma/migrations'),
      lockfile: { path: 'migration_lock.toml', content: read('migrations/migration_lock.toml') },
      shadowDbInitScript: '',
      migrationDirectories: names.sort().map((name) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: read(`migrations/${name}/migration.sql`) } },
      })),
    },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: read('schema.prisma') }] },
    filters: { externalTables: [], externalEnums: [] },
  };
}

/** @returns every message that the engine sent */
function askEngine(url, request) {
  const engine = spawn(process.execPath, [join(root, 'tools/schema-engine.mjs'), '--datasource', JSON.stringify({ url })], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  engine.stdout.on('data', (chunk) => (output += chunk));
  engine.stdin.end(`${JSON.stringify(request)}\n`);
  return new Promise((resolve) =>
    engine.on('close', () => resolve(output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line)))),
  );
}
