import { MemorySessionStore, MemorySettingStore, MemoryStaffStore, MemoryTicketStore, MemoryTransactions } from '@carecord/testkit';
import { describeNodeStores } from '../../../../libs/testkit/src/compliance/node-stores.ts';

describeNodeStores('in memory', () => {
  const transactions = new MemoryTransactions();
  const staff = new MemoryStaffStore();
  return Promise.resolve({
    staff,
    sessions: new MemorySessionStore(staff),
    settings: new MemorySettingStore(),
    tickets: new MemoryTicketStore(transactions),
    transactions,
  });
});
