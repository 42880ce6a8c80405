import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage, type Storage } from '../storage.ts';

describe('the audit log in PostgreSQL is append-only', () => {
  let database: TestDatabase;
  let storage: Storage;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    const clock = new ManualClock();
    storage = await openStorage({ databaseUrl: database.url, clock, logger: silentLogger });
    client = new Client({ connectionString: database.url });
    await client.connect();
    const log = new AuditLog(storage.audit, clock);
    for (const type of ['node-started', 'sign-in'] as const) {
      await storage.transactions.run((transaction) => log.append(transaction, { type, outcome: 'success', actor: { kind: 'system', id: 'node' } }));
    }
  });
  afterAll(async () => {
    await client.end();
    await storage.close();
    await database.drop();
  });

  it.each([
    "UPDATE audit_event SET type = 'sign-out'",
    'UPDATE audit_event SET sequence = 9 WHERE sequence = 2',
    'DELETE FROM audit_event WHERE sequence = 2',
    'TRUNCATE audit_event',
    'DELETE FROM audit_head',
  ])('refuses: %s', async (statement) => {
    await expect(client.query(statement)).rejects.toThrow('append-only');
    expect((await storage.audit.scan(1, 10)).map(({ type }) => type)).toEqual(['node-started', 'sign-in']);
  });

  it('and still grows', async () => {
    const log = new AuditLog(storage.audit, new ManualClock());
    await storage.transactions.run((transaction) => log.append(transaction, { type: 'sign-out', outcome: 'success', actor: { kind: 'system', id: 'node' } }));
    expect(await log.verify()).toMatchObject({ entries: 3 });
  });
});
