import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { describeDidHistoryStore } from '../../../testkit/src/compliance/did-history-store.ts';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage, type Storage } from '../storage.ts';

let database: TestDatabase;
let storage: Storage;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
});
afterAll(async () => {
  await storage.close();
  await database.drop();
});

describeDidHistoryStore('PostgreSQL', async () => {
  await database.empty();
  return storage.didHistories;
});
