import { newId } from '@carecord/core';
import { describeClientStores } from '../../../testkit/src/compliance/client-stores.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

describeClientStores('PostgreSQL', async () => {
  const { integrationClients, usedAssertions, staff, transactions } = await emptied();
  return {
    clients: integrationClients,
    assertions: usedAssertions,
    transactions,
    addAccount: async (username) => {
      const id = newId();
      await transactions.run((transaction) => staff.insert(transaction, { id, username, passwordExpired: false, role: 'integration-client', disabled: false }));
      return id;
    },
  };
});
