import type { Membership } from '@carecord/identity';
import type { NetworkHost } from '@carecord/network';
import { countDhtValues } from './dht-values.ts';
import type { KeyListing, KindCount } from './dht-values.ts';

/** What an operator sees of a node. */
export interface NodeStatusReport {
  readonly did: string;
  readonly peerId: string;
  readonly addresses: string[];
  readonly networkId: string;
  readonly membershipValidUntil: Date;
  readonly connectedMembers: number;
  /** Entries of the outbox that are not done yet: changes that the network has not seen. */
  readonly pendingPublications: number;
  /** Entries that failed too often and wait for a person. */
  readonly failedPublications: number;
  readonly dhtValues: KindCount[];
}

/** Gathers the state of a running node. */
export class NodeStatus {
  constructor(
    private readonly network: Pick<NetworkHost, 'addresses' | 'did' | 'members' | 'peerId'>,
    private readonly membership: Pick<Membership, 'networkId' | 'validUntil'>,
    private readonly datastore: KeyListing,
    private readonly backlog: () => Promise<{ readonly waiting: number; readonly dead: number }>,
  ) {}

  async read(): Promise<NodeStatusReport> {
    const [{ waiting, dead }, dhtValues] = await Promise.all([this.backlog(), countDhtValues(this.datastore)]);
    return {
      did: this.network.did,
      peerId: this.network.peerId,
      addresses: this.network.addresses(),
      networkId: this.membership.networkId,
      membershipValidUntil: this.membership.validUntil,
      connectedMembers: this.network.members().length,
      pendingPublications: waiting,
      failedPublications: dead,
      dhtValues,
    };
  }
}
