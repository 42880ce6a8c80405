import { describeAuditStore } from '../../../testkit/src/compliance/audit-store.ts';
import { describeExchangeStores } from '../../../testkit/src/compliance/exchange-stores.ts';
import { describeGuardianStore } from '../../../testkit/src/compliance/guardian-store.ts';
import { describeLocatorStore } from '../../../testkit/src/compliance/locator-store.ts';
import { describeMembershipStore } from '../../../testkit/src/compliance/membership-store.ts';
import { describeNodeStores } from '../../../testkit/src/compliance/node-stores.ts';
import { describePatientKeyStore } from '../../../testkit/src/compliance/patient-key-store.ts';
import { describeRecordStore } from '../../../testkit/src/compliance/record-store.ts';
import { describeReferenceStore } from '../../../testkit/src/compliance/reference-store.ts';
import { describeRewrapJobStore } from '../../../testkit/src/compliance/rewrap-job-store.ts';
import { describeSignInStores } from '../../../testkit/src/compliance/sign-in-stores.ts';
import { describeStaffStores } from '../../../testkit/src/compliance/staff-stores.ts';
import { testStorage } from './test-storage.fixture.ts';

const emptied = testStorage();

describeRecordStore('PostgreSQL', async () => {
  const { records, transactions } = await emptied();
  return { store: records, transactions };
});
describePatientKeyStore('PostgreSQL', async () => {
  const { patientKeys, transactions } = await emptied();
  return { store: patientKeys, transactions };
});
describeRewrapJobStore('PostgreSQL', async () => {
  const { rewrapJobs, transactions } = await emptied();
  return { store: rewrapJobs, transactions };
});
describeAuditStore('PostgreSQL', async () => {
  const { audit, transactions } = await emptied();
  return { store: audit, transactions };
});
describeGuardianStore('PostgreSQL', async () => {
  const { guardians, transactions } = await emptied();
  return { store: guardians, transactions };
});
describeLocatorStore('PostgreSQL', async () => {
  const { locator, transactions } = await emptied();
  return { store: locator, transactions };
});
describeReferenceStore('PostgreSQL', async () => {
  const { references, transactions } = await emptied();
  return { store: references, transactions };
});
describeExchangeStores('PostgreSQL', async () => {
  const { receivedRequests, grants, sentRequests, receivedBlocks, transactions } = await emptied();
  return { received: receivedRequests, grants, sent: sentRequests, blocks: receivedBlocks, transactions };
});
describeNodeStores('PostgreSQL', async () => {
  const { settings, tickets, transactions } = await emptied();
  return { settings, tickets, transactions };
});
describeStaffStores('PostgreSQL', emptied);
describeSignInStores('PostgreSQL', emptied);
describeMembershipStore('PostgreSQL', async () => {
  const { memberships, transactions } = await emptied();
  return { store: memberships, transactions };
});
