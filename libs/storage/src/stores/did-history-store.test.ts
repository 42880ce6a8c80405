import { describeDidHistoryStore } from '../../../testkit/src/compliance/did-history-store.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

describeDidHistoryStore('PostgreSQL', async () => (await emptied()).didHistories);
