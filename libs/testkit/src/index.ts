export { ManualClock } from './manual-clock.ts';
export { MemoryAuditStore } from './memory/audit-store.ts';
export { MemoryIntegrationClientStore, MemoryUsedAssertionStore } from './memory/client-stores.ts';
export { MemoryDhtValueStore } from './memory/dht-value-store.ts';
export { MemoryDidHistoryStore } from './memory/did-history-store.ts';
export {
  MemoryGrantStore,
  MemoryReceivedBlockStore,
  MemoryReceivedRequestStore,
  MemorySentRequestStore,
} from './memory/exchange-stores.ts';
export { MemoryGuardianStore } from './memory/guardian-store.ts';
export { MemoryKeyHolder } from './memory/key-holder.ts';
export { MemoryLocatorStore } from './memory/locator-store.ts';
export { MemoryMembershipStore } from './memory/membership-store.ts';
export { MemoryNodeKeyStore } from './memory/node-key-store.ts';
export { MemorySettingStore, MemoryTicketStore } from './memory/node-stores.ts';
export { MemoryOutbox } from './memory/outbox.ts';
export { MemoryPatientKeyStore } from './memory/patient-key-store.ts';
export { MemoryRecordStore } from './memory/record-store.ts';
export { MemoryPasskeyStore, MemoryRecoveryCodeStore, MemorySignInChallengeStore, MemorySignInFailureStore } from './memory/sign-in-stores.ts';
export { MemorySessionStore, MemoryStaffStore } from './memory/staff-stores.ts';
export { MemoryStatusListStore } from './memory/status-list-store.ts';
export { MemoryState, MemoryTransactions } from './memory/transactions.ts';
export { MemoryRewrapJobStore } from './memory/rewrap-job-store.ts';
export { makeTestNetwork } from './network-fixture.ts';
export { canaryBundle } from './patients/canary-bundle.ts';
export { generatePatients } from './patients/generate-patients.ts';
export { patientOfSize } from './patients/patient-of-size.ts';
export { NATIONAL_IDENTIFIER_SYSTEM } from './patients/types.ts';
export type { MemoryOutboxEntry } from './memory/outbox.ts';
export type { CanaryBundle } from './patients/canary-bundle.ts';
export type { GenerateOptions } from './patients/generate-patients.ts';
export type { GeneratedHospital, GeneratedPatient, NationalIdentifier, TransactionBundle } from './patients/types.ts';
