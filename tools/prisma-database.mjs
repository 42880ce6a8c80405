/** A PostgreSQL of its own for a tool's run: embedded, empty, gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './swc.mjs';

/**
 * @param work gets the URL of an empty database whose owner may make others
 * @returns what the work returns
 */
export async function withDatabase(work) {
  const { removeEmbeddedPostgres, startEmbeddedPostgres } = await import('../libs/storage/src/embedded/embedded-postgres.ts');
  const { silentLogger } = await import('../libs/core/src/logger.ts');
  const directory = await mkdtemp(join(tmpdir(), 'carecord-tool-'));
  try {
    const postgres = await startEmbeddedPostgres({ directory, logger: silentLogger, fsync: false });
    try {
      const server = new URL(postgres.adminUrl);
      await postgres.ensureDatabase('carecord');
      server.pathname = '/carecord';
      return await work(server.href);
    } finally {
      await postgres.stop();
    }
  } finally {
    await removeEmbeddedPostgres({ directory });
    await rm(directory, { recursive: true, force: true });
  }
}
