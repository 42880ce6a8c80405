import type { Clock } from '@carecord/core';
import { MEMBER_POLICY } from '@carecord/identity';
import type { DidService, WitnessRule } from '@carecord/identity';
import { KeyRing } from '@carecord/keys';
import { MemoryDidHistoryStore, MemoryKeyHolder, MemoryNodeKeyStore, MemorySettingStore, MemoryStatusListStore, MemoryTransactions } from '@carecord/testkit';
import { NodeIdentity } from './node-identity.ts';

/** What the replicas of one hospital share: a database and a key holder, in memory. */
export class Home {
  readonly settings = new MemorySettingStore();
  readonly keys = new MemoryNodeKeyStore();
  readonly transactions = new MemoryTransactions();
  readonly holder = new MemoryKeyHolder();
  readonly didHistories = new MemoryDidHistoryStore();
  readonly lists = new MemoryStatusListStore();

  /** As a process opens it when it starts. */
  openRing(clock: Clock): Promise<KeyRing> {
    return KeyRing.open({ holder: this.holder, store: this.keys, transactions: this.transactions, clock });
  }
}

/** One replica. */
export interface Replica {
  readonly ring: KeyRing;
  readonly identity: NodeIdentity;
}

/** How a test's hospital differs from the usual one. */
export interface ReplicaOptions {
  readonly clock: Clock;
  readonly domain?: string;
  readonly networkId?: string;
  readonly witness?: WitnessRule | undefined;
  readonly services?: () => readonly DidService[];
  /** Opened before, to see what another replica does meanwhile. */
  readonly ring?: KeyRing;
}

/** Starts a replica as far as its identity. */
export async function startReplica(home: Home, options: ReplicaOptions): Promise<Replica> {
  const { clock, domain = 'a.hospital.example', networkId = 'test-network', witness, services = () => [] } = options;
  const ring = options.ring ?? (await home.openRing(clock));
  const policy = witness === undefined ? MEMBER_POLICY : { ...MEMBER_POLICY, witnesses: witness };
  const identity = await NodeIdentity.open({ ring, settings: home.settings, domain, networkId, policy, witness, services, clock });
  return { ring, identity };
}
