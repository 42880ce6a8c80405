import type { AuditLog } from '@carecord/audit';
import type { ConsentDecider } from '@carecord/consent';
import type { Clock, Logger, Outbox, TransactionRunner } from '@carecord/core';
import type { LocalMember } from '@carecord/identity';
import type { Locator } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import type { Records } from '@carecord/records';
import type { GrantStore, ReceivedBlockStore, ReceivedRequestStore, SentRequestStore } from './ports.ts';

/** What both sides need. */
interface CommonDependencies {
  readonly network: NetworkHost;
  /** This hospital: its DID, its signing keys, the network it is a member of. */
  readonly local: Pick<LocalMember, 'networkId' | 'resolved' | 'signer'>;
  readonly audit: Pick<AuditLog, 'append' | 'appendAll'>;
  readonly transactions: TransactionRunner;
  /** A key of the hospital's own, 32 bytes, used for nothing else: seals what the exchange keeps, and makes pseudonyms. */
  readonly sealingKey: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the side that is asked needs. */
export interface HolderDependencies extends CommonDependencies {
  readonly records: Pick<Records, 'consents' | 'manifest' | 'patientListing' | 'readBlocks' | 'releasable'>;
  readonly locator: Pick<Locator, 'patientOf'>;
  readonly consent: Pick<ConsentDecider, 'decide'>;
  readonly received: ReceivedRequestStore;
  readonly grants: GrantStore;
  readonly outbox: Outbox;
}

/** What the side that asks needs. */
export interface RequesterDependencies extends CommonDependencies {
  /** Seed of this hospital's recipient key, 32 bytes: opens the grants that are sealed to it. */
  readonly recipientSeed: Uint8Array;
  readonly sent: SentRequestStore;
  readonly blocks: ReceivedBlockStore;
}

/** A signed-in staff member. */
export interface Staff {
  readonly id: string;
  readonly role: string;
}
