import { afterAll, beforeAll } from '@jest/globals';
import { newId, silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { describeClientStores } from '../../../testkit/src/compliance/client-stores.ts';
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

describeClientStores('PostgreSQL', async () => {
  await database.empty();
  const { integrationClients, usedAssertions, staff, transactions } = storage;
  return {
    clients: integrationClients,
    assertions: usedAssertions,
    transactions,
    addAccount: async (username) => {
      const id = newId();
      await transactions.run((transaction) => staff.insert(transaction, { id, username, passwordExpired: false, role: 'integration-client', disabled: false }));
      return id;
    },
  };
});
