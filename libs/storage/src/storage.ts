import { fileURLToPath } from 'node:url';
import type { AuditStore } from '@carecord/audit';
import type { Clock, Logger, Outbox, TransactionRunner } from '@carecord/core';
import type { GrantStore, ReceivedBlockStore, ReceivedRequestStore, SentRequestStore } from '@carecord/exchange';
import type { LocatorStore } from '@carecord/locator';
import type { PatientKeyStore, RecordStore } from '@carecord/records';
import type { Datastore } from 'interface-datastore';
import { connectDatabase } from './database/connection.ts';
import { PostgresTransactions } from './database/transactions.ts';
import { PostgresDatastore } from './datastore/postgres-datastore.ts';
import { JobScheduler } from './jobs/job-scheduler.ts';
import { applyMigrations } from './migrations/apply-migrations.ts';
import { OutboxEntries } from './outbox/outbox-entries.ts';
import { OutboxWorker } from './outbox/outbox-worker.ts';
import { PostgresOutbox } from './outbox/postgres-outbox.ts';
import type { SessionStore, SettingStore, StaffStore, TicketStore } from './ports.ts';
import { PostgresAuditStore } from './stores/audit-store.ts';
import { PostgresGrantStore } from './stores/grant-store.ts';
import { PostgresLocatorStore } from './stores/locator-store.ts';
import { PostgresPatientKeyStore } from './stores/patient-key-store.ts';
import { PostgresReceivedBlockStore } from './stores/received-block-store.ts';
import { PostgresReceivedRequestStore } from './stores/received-request-store.ts';
import { PostgresRecordStore } from './stores/record-store.ts';
import { PostgresSentRequestStore } from './stores/sent-request-store.ts';
import { PostgresSessionStore } from './stores/session-store.ts';
import { PostgresSettingStore } from './stores/setting-store.ts';
import { PostgresStaffStore } from './stores/staff-store.ts';
import { PostgresTicketStore } from './stores/ticket-store.ts';

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
  readonly audit: AuditStore;
  readonly locator: LocatorStore;
  readonly receivedRequests: ReceivedRequestStore;
  readonly grants: GrantStore;
  readonly sentRequests: SentRequestStore;
  readonly receivedBlocks: ReceivedBlockStore;
  readonly staff: StaffStore;
  readonly sessions: SessionStore;
  readonly settings: SettingStore;
  readonly tickets: TicketStore;
  /** For libp2p and the DHT. */
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
    audit: new PostgresAuditStore(database, transactions),
    locator: new PostgresLocatorStore(database, transactions),
    receivedRequests: new PostgresReceivedRequestStore(database, transactions),
    grants: new PostgresGrantStore(database, transactions),
    sentRequests: new PostgresSentRequestStore(database, transactions),
    receivedBlocks: new PostgresReceivedBlockStore(database, transactions),
    staff: new PostgresStaffStore(database, clock),
    sessions: new PostgresSessionStore(database),
    settings: new PostgresSettingStore(database, clock),
    tickets: new PostgresTicketStore(database, transactions),
    datastore: new PostgresDatastore(database),
    outbox,
    outboxWorker,
    jobs,
    appliedMigrations,
    ping: async () => {
      await database.$queryRaw`SELECT 1`;
    },
    close: async () => {
      await Promise.all([outboxWorker.stop(), jobs.stop()]);
      await close();
    },
  };
}
