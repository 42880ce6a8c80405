import { newId } from '@carecord/core';
import { describeClientStores } from '../compliance/client-stores.ts';
import { MemoryIntegrationClientStore, MemoryUsedAssertionStore } from './client-stores.ts';
import { MemoryStaffStore } from './staff-stores.ts';
import { MemoryTransactions } from './transactions.ts';

describeClientStores('in memory', () => {
  const transactions = new MemoryTransactions();
  const staff = new MemoryStaffStore(transactions);
  return Promise.resolve({
    clients: new MemoryIntegrationClientStore(staff),
    assertions: new MemoryUsedAssertionStore(),
    transactions,
    addAccount: async (username) => {
      const id = newId();
      await transactions.run((transaction) => staff.insert(transaction, { id, username, passwordExpired: false, role: 'integration-client', disabled: false }));
      return id;
    },
  });
});
