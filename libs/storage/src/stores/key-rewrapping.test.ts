import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { checkInterleavings } from '../../../records/src/rewrap/interleavings.fixture.ts';
import { describeRewrapping } from '../../../records/src/rewrap/rewrapping-suite.fixture.ts';
import type { RewrappingStores } from '../../../records/src/rewrap/rewrapping.fixture.ts';
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

async function emptied(): Promise<RewrappingStores> {
  await database.empty();
  const { records, patientKeys, rewrapJobs, nodeKeys, transactions, audit, outbox } = storage;
  return { stores: records, keys: patientKeys, jobs: rewrapJobs, nodeKeys, transactions, auditStore: audit, outbox };
}

// In memory it dies everywhere; here at what is not a whole number of batches apart.
describeRewrapping('PostgreSQL', emptied, { deathStride: 4 });

describe('In PostgreSQL', () => {
  it('any interleaving of admissions, readers and re-wrapping that dies anywhere leaves everything readable, and nothing under old keys', async () => {
    await checkInterleavings(emptied, 4);
  }, 120_000);
});
