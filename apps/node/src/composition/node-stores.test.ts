import {
  MemoryPasskeyStore,
  MemoryRecoveryCodeStore,
  MemorySessionStore,
  MemorySettingStore,
  MemorySignInChallengeStore,
  MemorySignInFailureStore,
  MemoryStaffStore,
  MemoryTicketStore,
  MemoryTransactions,
} from '@carecord/testkit';
import { describeNodeStores } from '../../../../libs/testkit/src/compliance/node-stores.ts';
import { describeSignInStores } from '../../../../libs/testkit/src/compliance/sign-in-stores.ts';
import { describeStaffStores } from '../../../../libs/testkit/src/compliance/staff-stores.ts';

describeNodeStores('in memory', () => {
  const transactions = new MemoryTransactions();
  return Promise.resolve({ settings: new MemorySettingStore(), tickets: new MemoryTicketStore(transactions), transactions });
});

describeStaffStores('in memory', () => {
  const transactions = new MemoryTransactions();
  const staff = new MemoryStaffStore(transactions);
  return Promise.resolve({ staff, sessions: new MemorySessionStore(transactions, staff), transactions });
});

describeSignInStores('in memory', () => {
  const transactions = new MemoryTransactions();
  return Promise.resolve({
    staff: new MemoryStaffStore(transactions),
    passkeys: new MemoryPasskeyStore(transactions),
    recoveryCodes: new MemoryRecoveryCodeStore(transactions),
    signInChallenges: new MemorySignInChallengeStore(transactions),
    signInFailures: new MemorySignInFailureStore(),
    transactions,
  });
});
