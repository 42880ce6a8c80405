import { describePatientKeyStore } from '../../testkit/src/compliance/patient-key-store.ts';
import { describeRecordStore } from '../../testkit/src/compliance/record-store.ts';
import { describeRewrapJobStore } from '../../testkit/src/compliance/rewrap-job-store.ts';
import { MemoryPatientKeyStore } from '../../testkit/src/memory/patient-key-store.ts';
import { MemoryRecordStore } from '../../testkit/src/memory/record-store.ts';
import { MemoryRewrapJobStore } from '../../testkit/src/memory/rewrap-job-store.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';

describePatientKeyStore('in memory', () => Promise.resolve({ store: new MemoryPatientKeyStore(), transactions: new MemoryTransactions() }));
describeRecordStore('in memory', () => Promise.resolve({ store: new MemoryRecordStore(), transactions: new MemoryTransactions() }));
describeRewrapJobStore('in memory', () => Promise.resolve({ store: new MemoryRewrapJobStore(), transactions: new MemoryTransactions() }));
