import { describeAuditStore } from '../../testkit/src/compliance/audit-store.ts';
import { MemoryAuditStore } from '../../testkit/src/memory/audit-store.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';

describeAuditStore('in memory', () => Promise.resolve({ store: new MemoryAuditStore(), transactions: new MemoryTransactions() }));
