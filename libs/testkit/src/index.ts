export { ManualClock } from './manual-clock.ts';
export { MemoryAuditStore } from './memory/audit-store.ts';
export {
  MemoryGrantStore,
  MemoryReceivedBlockStore,
  MemoryReceivedRequestStore,
  MemorySentRequestStore,
} from './memory/exchange-stores.ts';
export { MemoryLocatorStore } from './memory/locator-store.ts';
export { MemorySessionStore, MemorySettingStore, MemoryStaffStore, MemoryTicketStore } from './memory/node-stores.ts';
export { MemoryOutbox } from './memory/outbox.ts';
export { MemoryPatientKeyStore } from './memory/patient-key-store.ts';
export { MemoryRecordStore } from './memory/record-store.ts';
export { MemoryState, MemoryTransactions } from './memory/transactions.ts';
export { canaryBundle } from './patients/canary-bundle.ts';
export { generatePatients } from './patients/generate-patients.ts';
export { patientOfSize } from './patients/patient-of-size.ts';
export { NATIONAL_IDENTIFIER_SYSTEM } from './patients/types.ts';
export type { MemoryOutboxEntry } from './memory/outbox.ts';
export type { CanaryBundle } from './patients/canary-bundle.ts';
export type { GenerateOptions } from './patients/generate-patients.ts';
export type { GeneratedHospital, GeneratedPatient, NationalIdentifier, TransactionBundle } from './patients/types.ts';
