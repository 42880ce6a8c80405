import { describeStatusListStore } from '../../../testkit/src/compliance/status-list-store.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

describeStatusListStore('PostgreSQL', async () => (await emptied()).statusLists);
