import { describeLocatorStore } from '../../testkit/src/compliance/locator-store.ts';
import { describeReferenceStore } from '../../testkit/src/compliance/reference-store.ts';
import { MemoryLocatorStore } from '../../testkit/src/memory/locator-store.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';

describeLocatorStore('in memory', () => Promise.resolve({ store: new MemoryLocatorStore(), transactions: new MemoryTransactions() }));
describeReferenceStore('in memory', () => Promise.resolve({ store: new MemoryLocatorStore(), transactions: new MemoryTransactions() }));
