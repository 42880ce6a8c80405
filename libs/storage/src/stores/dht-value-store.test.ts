import { describeDhtValueStore } from '../../../testkit/src/compliance/dht-value-store.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

describeDhtValueStore('PostgreSQL', async () => (await emptied()).dhtValues);
