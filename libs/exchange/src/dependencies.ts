import type { AuditLog } from '@carecord/audit';
import type { ConsentDecider } from '@carecord/consent';
import type { Clock, Logger, Outbox, TransactionRunner } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import type { Locator } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import type { Records } from '@carecord/records';
import type { GrantStore, ReceivedBlockStore, ReceivedRequestStore, SentRequestStore } from './ports.ts';

/** What both sides need. */
interface CommonDependencies {
  readonly network: NetworkHost;
  /** This hospital: its DID, the network it is a member of, and its keys, which are asked for anew for each piece of work. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  readonly audit: Pick<AuditLog, 'append' | 'appendAll'>;
  readonly transactions: TransactionRunner;
  /** A key of the hospital's own, 32 bytes, used for nothing else: seals what the exchange keeps. */
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
  /** This hospital's recipient keys that are not destroyed, current first, then retired ones, newest first: they open the grants that are sealed to them. */
  readonly recipientKeys: () => readonly RecipientKey[];
  /** Another one, 32 bytes: makes the pseudonyms of staff. A new key means new pseudonyms. */
  readonly pseudonymKey: Uint8Array;
  readonly sent: SentRequestStore;
  readonly blocks: ReceivedBlockStore;
}

/** A key that grants are sealed to. */
export interface RecipientKey {
  /** Its DID URL, as in `ResolvedDid.recipientKeyId`. */
  readonly keyId: string;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/** A signed-in staff member. */
export interface Staff {
  readonly id: string;
  readonly role: string;
}
