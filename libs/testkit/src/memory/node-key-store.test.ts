import { describeNodeKeyStore } from '../compliance/node-key-store.ts';
import { MemoryNodeKeyStore } from './node-key-store.ts';
import { MemoryTransactions } from './transactions.ts';

describeNodeKeyStore('in memory', () => Promise.resolve({ store: new MemoryNodeKeyStore(), transactions: new MemoryTransactions() }));
