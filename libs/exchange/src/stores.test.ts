import { describeExchangeStores } from '../../testkit/src/compliance/exchange-stores.ts';
import {
  MemoryGrantStore,
  MemoryReceivedBlockStore,
  MemoryReceivedRequestStore,
  MemorySentRequestStore,
} from '../../testkit/src/memory/exchange-stores.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';

describeExchangeStores('in memory', () =>
  Promise.resolve({
    transactions: new MemoryTransactions(),
    received: new MemoryReceivedRequestStore(),
    grants: new MemoryGrantStore(),
    sent: new MemorySentRequestStore(),
    blocks: new MemoryReceivedBlockStore(),
  }),
);
