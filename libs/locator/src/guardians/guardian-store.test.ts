import { describeGuardianStore } from '../../../testkit/src/compliance/guardian-store.ts';
import { MemoryGuardianStore } from '../../../testkit/src/memory/guardian-store.ts';
import { MemoryTransactions } from '../../../testkit/src/memory/transactions.ts';

describeGuardianStore('in memory', () => Promise.resolve({ store: new MemoryGuardianStore(), transactions: new MemoryTransactions() }));
