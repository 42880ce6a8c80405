import { fileURLToPath } from 'node:url';
import type { AuditStore } from '@carecord/audit';
import type { Clock, Logger, Outbox, TransactionRunner } from '@carecord/core';
import type { GrantStore, ReceivedBlockStore, ReceivedRequestStore, SentRequestStore } from '@carecord/exchange';
import type { DidHistoryStore, StatusListStore } from '@carecord/identity';
import type { NodeKeyStore } from '@carecord/keys';
import type { GuardianStore, LocatorStore, ReferenceStore } from '@carecord/locator';
import type { DhtValueStore } from '@carecord/network';
import type { PatientKeyStore, RecordStore, RewrapJobStore } from '@carecord/records';
import type { Datastore } from 'interface-datastore';
import type { IntegrationClientStore, UsedAssertionStore } from './client-ports.ts';
import { connectDatabase } from './database/connection.ts';
import { PostgresTransactions } from './database/transactions.ts';
import { PostgresDatastore } from './datastore/postgres-datastore.ts';
import { JobScheduler } from './jobs/job-scheduler.ts';
import { applyMigrations } from './migrations/apply-migrations.ts';
import { OutboxEntries } from './outbox/outbox-entries.ts';
import { OutboxWorker } from './outbox/outbox-worker.ts';
import { PostgresOutbox } from './outbox/postgres-outbox.ts';
import type { MembershipStore } from './membership-ports.ts';
import type { PasskeyStore, RecoveryCodeStore, SessionStore, SettingStore, SignInChallengeStore, SignInFailureStore, StaffStore, TicketStore } from './ports.ts';
import { PostgresAuditStore } from './stores/audit-store.ts';
import { PostgresDhtValueStore } from './stores/dht-value-store.ts';
import { PostgresDidHistoryStore } from './stores/did-history-store.ts';
import { PostgresGrantStore } from './stores/grant-store.ts';
import { PostgresGuardianStore } from './stores/guardian-store.ts';
import { PostgresIntegrationClientStore } from './stores/integration-client-store.ts';
import { PostgresLocatorStore } from './stores/locator-store.ts';
import { PostgresMembershipStore } from './stores/membership-store.ts';
import { PostgresNodeKeyStore } from './stores/node-key-store.ts';
import { PostgresPasskeyStore } from './stores/passkey-store.ts';
import { PostgresPatientKeyStore } from './stores/patient-key-store.ts';
import { PostgresReceivedBlockStore } from './stores/received-block-store.ts';
import { PostgresReceivedRequestStore } from './stores/received-request-store.ts';
import { PostgresReferenceStore } from './stores/reference-store.ts';
import { PostgresRecordStore } from './stores/record-store.ts';
import { PostgresRecoveryCodeStore } from './stores/recovery-code-store.ts';
import { PostgresRewrapJobStore } from './stores/rewrap-job-store.ts';
import { PostgresSentRequestStore } from './stores/sent-request-store.ts';
import { PostgresSessionStore } from './stores/session-store.ts';
import { PostgresSettingStore } from './stores/setting-store.ts';
import { PostgresSignInChallengeStore } from './stores/sign-in-challenge-store.ts';
import { PostgresSignInFailureStore } from './stores/sign-in-failure-store.ts';
import { PostgresStaffStore } from './stores/staff-store.ts';
import { PostgresStatusListStore } from './stores/status-list-store.ts';
import { PostgresTicketStore } from './stores/ticket-store.ts';
import { PostgresUsedAssertionStore } from './stores/used-assertion-store.ts';

/** The migrations that belong to this version of the program. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** Which database, and what the storage needs of the node. */
export interface StorageOptions {
  /** `postgresql://user:password@host:port/database`; the user owns the database. */
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default {@link MIGRATIONS_DIRECTORY} */
  readonly migrationsDirectory?: string;
  /** Connections at the most. @default 10 */
  readonly poolSize?: number;
}

/** One node's database: every store over one pool of connections. */
export interface Storage {
  readonly transactions: TransactionRunner;
  readonly records: RecordStore;
  readonly patientKeys: PatientKeyStore;
  readonly rewrapJobs: RewrapJobStore;
  readonly nodeKeys: NodeKeyStore;
  readonly audit: AuditStore;
  readonly locator: LocatorStore;
  readonly references: ReferenceStore;
  readonly guardians: GuardianStore;
  readonly receivedRequests: ReceivedRequestStore;
  readonly grants: GrantStore;
  readonly sentRequests: SentRequestStore;
  readonly receivedBlocks: ReceivedBlockStore;
  readonly staff: StaffStore;
  readonly sessions: SessionStore;
  readonly passkeys: PasskeyStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly signInChallenges: SignInChallengeStore;
  readonly signInFailures: SignInFailureStore;
  readonly settings: SettingStore;
  readonly tickets: TicketStore;
  readonly didHistories: DidHistoryStore;
  readonly statusLists: StatusListStore;
  readonly memberships: MembershipStore;
  readonly integrationClients: IntegrationClientStore;
  readonly usedAssertions: UsedAssertionStore;
  readonly dhtValues: DhtValueStore;
  /** For libp2p. */
  readonly datastore: Datastore;
  readonly outbox: Outbox;
  /** Not started yet: handlers first. */
  readonly outboxWorker: OutboxWorker;
  /** Not started yet: jobs first. */
  readonly jobs: JobScheduler;
  /** The migrations that were applied when the storage was opened. */
  readonly appliedMigrations: readonly string[];
  /** Resolves when the database answers. @throws StorageError `UNREACHABLE` */
  ping(): Promise<void>;
  /** The database's time. @throws StorageError `UNREACHABLE` */
  now(): Promise<Date>;
  /** Stops worker and jobs, waits for what they do, and closes the connections. */
  close(): Promise<void>;
}

/**
 * Opens a database and brings it to the present schema.
 * @throws StorageError `UNREACHABLE`, `MIGRATION_*`
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl, clock, logger, migrationsDirectory = MIGRATIONS_DIRECTORY } = options;
  const appliedMigrations = await applyMigrations(databaseUrl, migrationsDirectory);
  const { database, close } = connectDatabase(options);
  const transactions = new PostgresTransactions(database);
  const outbox = new PostgresOutbox(transactions, clock);
  const outboxWorker = new OutboxWorker({ entries: new OutboxEntries(database), clock, logger });
  outbox.onCommitted(() => outboxWorker.kick());
  const jobs = new JobScheduler(database, clock, logger);
  return {
    transactions,
    records: new PostgresRecordStore(database, transactions),
    patientKeys: new PostgresPatientKeyStore(database, transactions),
    rewrapJobs: new PostgresRewrapJobStore(database, transactions),
    nodeKeys: new PostgresNodeKeyStore(database, transactions),
    audit: new PostgresAuditStore(database, transactions),
    locator: new PostgresLocatorStore(database, transactions),
    references: new PostgresReferenceStore(database, transactions),
    guardians: new PostgresGuardianStore(database, transactions),
    receivedRequests: new PostgresReceivedRequestStore(database, transactions),
    grants: new PostgresGrantStore(database, transactions),
    sentRequests: new PostgresSentRequestStore(database, transactions),
    receivedBlocks: new PostgresReceivedBlockStore(database, transactions),
    staff: new PostgresStaffStore(database, transactions, clock),
    sessions: new PostgresSessionStore(database, transactions),
    passkeys: new PostgresPasskeyStore(database, transactions),
    recoveryCodes: new PostgresRecoveryCodeStore(database, transactions),
    signInChallenges: new PostgresSignInChallengeStore(database, transactions),
    signInFailures: new PostgresSignInFailureStore(database),
    settings: new PostgresSettingStore(database, transactions, clock),
    tickets: new PostgresTicketStore(database, transactions),
    didHistories: new PostgresDidHistoryStore(database),
    statusLists: new PostgresStatusListStore(database),
    memberships: new PostgresMembershipStore(database, transactions),
    integrationClients: new PostgresIntegrationClientStore(database, transactions),
    usedAssertions: new PostgresUsedAssertionStore(database),
    dhtValues: new PostgresDhtValueStore(database),
    datastore: new PostgresDatastore(database),
    outbox,
    outboxWorker,
    jobs,
    appliedMigrations,
    ping: async () => {
      await database.$queryRaw`SELECT 1`;
    },
    now: async () => {
      const [row] = await database.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
      return row?.now ?? new Date(Number.NaN);
    },
    close: async () => {
      await Promise.all([outboxWorker.stop(), jobs.stop()]);
      await close();
    },
  };
}
