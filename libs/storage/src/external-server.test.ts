import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../testkit/src/database.ts';
import { dropExternalDatabase, ensureExternalDatabase } from './external-server.ts';

describe('a database on an external server', () => {
  const name = `external_${newId().replaceAll('-', '')}`;
  let server: TestDatabase;
  beforeAll(async () => {
    server = await createTestDatabase({ migrated: false });
  });
  afterAll(async () => {
    await server.drop();
  });

  it('is made once and found again', async () => {
    const url = await ensureExternalDatabase(server.url, name);
    await run(url, 'CREATE TABLE kept (id int)');
    expect(await ensureExternalDatabase(server.url, name)).toBe(url);
    await run(url, 'SELECT * FROM kept');
  });

  it('is removed with what it holds, and removing it again does nothing', async () => {
    await dropExternalDatabase(server.url, name);
    await expect(run(await ensureExternalDatabase(server.url, name), 'SELECT * FROM kept')).rejects.toThrow(/kept/);
    await dropExternalDatabase(server.url, name);
    await dropExternalDatabase(server.url, name);
  });

  it('is refused under a name that is none, and where nothing answers', async () => {
    await expect(dropExternalDatabase(server.url, 'a"; DROP')).rejects.toMatchObject({ code: 'DATABASE_NAME' });
    await expect(ensureExternalDatabase(server.url, 'a"; DROP')).rejects.toMatchObject({ code: 'DATABASE_NAME' });
    const nowhere = new URL(server.url);
    nowhere.port = '1';
    await expect(ensureExternalDatabase(nowhere.href, name)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
