import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase } from '../../../testkit/src/database.ts';
import type { TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage } from '../storage.ts';
import type { Storage } from '../storage.ts';

/**
 * For the tests beside this file: a storage on a database of the calling file's own, open while its tests run.
 * @returns gives the storage with its tables emptied
 */
export function testStorage(clock: Clock = new ManualClock()): () => Promise<Storage> {
  let database: TestDatabase;
  let storage: Storage;
  beforeAll(async () => {
    database = await createTestDatabase();
    storage = await openStorage({ databaseUrl: database.url, clock, logger: silentLogger });
  });
  afterAll(async () => {
    await storage.close();
    await database.drop();
  });
  return async () => {
    await database.empty();
    return storage;
  };
}
