import type { AuditStore } from '@carecord/audit';
import type { Clock, Logger, Outbox, OutboxHandler, TransactionRunner } from '@carecord/core';
import type { GrantStore, ReceivedBlockStore, ReceivedRequestStore, SentRequestStore } from '@carecord/exchange';
import type { LocatorStore } from '@carecord/locator';
import type { NetworkHostOptions } from '@carecord/network';
import type { PatientKeyStore, RecordStore } from '@carecord/records';
import type { TicketStore } from '../authority/ports.ts';
import type { SettingStore } from '../identity/settings.ts';
import type { SessionStore, StaffStore } from '../sessions/ports.ts';

/** What a node needs of its database. */
export interface NodeStorage {
  readonly transactions: TransactionRunner;
  readonly audit: AuditStore;
  readonly records: RecordStore;
  readonly patientKeys: PatientKeyStore;
  readonly outbox: Outbox;
  readonly locator: LocatorStore;
  readonly receivedRequests: ReceivedRequestStore;
  readonly grants: GrantStore;
  readonly sentRequests: SentRequestStore;
  readonly receivedBlocks: ReceivedBlockStore;
  readonly staff: StaffStore;
  readonly sessions: SessionStore;
  readonly settings: SettingStore;
  readonly tickets: TicketStore;
  readonly datastore: NetworkHostOptions['datastore'];
  ping(): Promise<void>;
  pendingMigrations(): Promise<number>;
  pendingOutbox(): Promise<number>;
  startOutbox(handlers: ReadonlyMap<string, OutboxHandler>): { stop(): Promise<void> };
  close(): Promise<void>;
}

export declare function openNodeStorage(databaseUrl: string, options: { readonly clock: Clock; readonly logger: Logger }): Promise<NodeStorage>;
