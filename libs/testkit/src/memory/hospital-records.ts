import { AuditLog } from '@carecord/audit';
import type { AuditActor } from '@carecord/audit';
import { Records } from '@carecord/records';
import { ManualClock } from '../manual-clock.ts';
import { MemoryAuditStore } from './audit-store.ts';
import { MemoryKeyHolder } from './key-holder.ts';
import { MemoryOutbox } from './outbox.ts';
import { MemoryPatientKeyStore } from './patient-key-store.ts';
import { MemoryRecordStore } from './record-store.ts';
import { MemoryTransactions } from './transactions.ts';

/** A hospital's records over stores in memory, and all that they hang on. */
export interface HospitalRecords {
  readonly records: Records;
  readonly stores: MemoryRecordStore;
  readonly keys: MemoryPatientKeyStore;
  readonly holder: MemoryKeyHolder;
  readonly auditStore: MemoryAuditStore;
  readonly audit: AuditLog;
  readonly outbox: MemoryOutbox;
  readonly transactions: MemoryTransactions;
  readonly clock: ManualClock;
  /** Somebody of this hospital who may do it. */
  readonly actor: AuditActor;
}

/** Makes a {@link HospitalRecords}. @param seed of the hospital's keys: another seed, another hospital */
export function makeHospitalRecords(seed = 1): HospitalRecords {
  const [stores, keys, auditStore] = [new MemoryRecordStore(), new MemoryPatientKeyStore(), new MemoryAuditStore()];
  const [transactions, clock] = [new MemoryTransactions(), new ManualClock()];
  const outbox = new MemoryOutbox(transactions);
  const audit = new AuditLog(auditStore, clock);
  const holder = new MemoryKeyHolder();
  const [directoryKey, indexKey] = [new Uint8Array(32).fill(seed), new Uint8Array(32).fill(seed + 100)];
  const records = new Records({ stores, keys, transactions, audit, outbox, holder, directoryKey, indexKey, clock });
  return { records, stores, keys, holder, auditStore, audit, outbox, transactions, clock, actor: { kind: 'staff', id: 'staff-1', role: 'clinician' } };
}
