import { describeMembershipStore } from '../compliance/membership-store.ts';
import { MemoryMembershipStore } from './membership-store.ts';
import { MemoryTransactions } from './transactions.ts';

describeMembershipStore('in memory', () => Promise.resolve({ store: new MemoryMembershipStore(), transactions: new MemoryTransactions() }));
