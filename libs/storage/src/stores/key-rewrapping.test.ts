import { describe, it } from '@jest/globals';
import { checkInterleavings } from '../../../records/src/rewrap/interleavings.fixture.ts';
import { describeRewrapping } from '../../../records/src/rewrap/rewrapping-suite.fixture.ts';
import type { RewrappingStores } from '../../../records/src/rewrap/rewrapping.fixture.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

async function emptyStores(): Promise<RewrappingStores> {
  const { records, patientKeys, rewrapJobs, nodeKeys, transactions, audit, outbox } = await emptied();
  return { stores: records, keys: patientKeys, jobs: rewrapJobs, nodeKeys, transactions, auditStore: audit, outbox };
}

// In memory it dies everywhere; here at what is not a whole number of batches apart.
describeRewrapping('PostgreSQL', emptyStores, { deathStride: 4 });

describe('In PostgreSQL', () => {
  it('any interleaving of admissions, readers and re-wrapping that dies anywhere leaves everything readable, and nothing under old keys', async () => {
    await checkInterleavings(emptyStores, 4);
  }, 120_000);
});
