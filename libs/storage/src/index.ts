/**
 * PostgreSQL for everything that a node keeps: the store ports of the libs, the outbox and recurring jobs, and the
 * embedded server for those who have none.
 *
 * @example
 * const postgres = await startEmbeddedPostgres({ directory: '.carecord/postgres', logger });
 * await postgres.ensureDatabase('hospital_a');
 * const storage = await openStorage({ databaseUrl: postgres.databaseUrl('hospital_a'), clock: systemClock, logger });
 * storage.outboxWorker.on(PATIENT_CHANGED, (payload) => publish(payload));
 * storage.outboxWorker.start();
 * // … and in the end:
 * await storage.close();
 * await postgres.stop();
 */
export { removeEmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.ts';
export { dropExternalDatabase, ensureExternalDatabase } from './external-server.ts';
export { openStorage } from './storage.ts';
export { MEMBERSHIP_STATES } from './membership-ports.ts';
export { StorageError } from './storage-error.ts';
export type { IntegrationClientStore, StoredIntegrationClient, UsedAssertionStore } from './client-ports.ts';
export type { EmbeddedPostgres, EmbeddedPostgresOptions, EmbeddedPostgresStep } from './embedded/embedded-postgres.ts';
export type { MembershipDecision, MembershipState, MembershipStore, StoredMembership } from './membership-ports.ts';
export type { Job, JobScheduler } from './jobs/job-scheduler.ts';
export type { DeadLetter } from './outbox/outbox-entries.ts';
export type { OutboxWorker } from './outbox/outbox-worker.ts';
export type { NewTicket } from './ports.ts';
export type {
  PasskeyStore,
  RecoveryCodeStore,
  SessionStore,
  SettingStore,
  SignInChallengeStore,
  SignInFailureStore,
  StaffAccount,
  StaffChange,
  StaffStore,
  StoredPasskey,
  StoredSession,
  StoredSignInChallenge,
  TicketStore,
} from './ports.ts';
export type { Storage, StorageOptions } from './storage.ts';
export type { StorageErrorCode } from './storage-error.ts';
