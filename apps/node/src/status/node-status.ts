import type { Membership } from '@carecord/identity';
import { countValues } from '@carecord/network';
import type { NetworkHost, ValueCount } from '@carecord/network';
import type { Storage } from '@carecord/storage';

/** What an operator sees of a node. */
export interface NodeStatusReport {
  readonly did: string;
  readonly peerId: string;
  readonly addresses: string[];
  readonly networkId: string;
  readonly membershipValidUntil: Date;
  readonly connectedMembers: number;
  /** Changes of patients that the network has not seen yet. */
  readonly pendingPublications: number;
  /** Such changes that failed too often and wait for a person. */
  readonly failedPublications: number;
  readonly dhtValues: ValueCount[];
}

/** Gathers the state of a running node. */
export class NodeStatus {
  constructor(
    private readonly network: Pick<NetworkHost, 'addresses' | 'did' | 'members' | 'peerId'>,
    private readonly membership: () => Pick<Membership, 'networkId' | 'validUntil'>,
    private readonly datastore: Storage['datastore'],
    private readonly backlog: () => Promise<{ readonly waiting: number; readonly dead: number }>,
  ) {}

  async read(): Promise<NodeStatusReport> {
    const [{ waiting, dead }, dhtValues] = await Promise.all([this.backlog(), countValues(this.datastore)]);
    const { networkId, validUntil } = this.membership();
    return {
      did: this.network.did,
      peerId: this.network.peerId,
      addresses: this.network.addresses(),
      networkId,
      membershipValidUntil: validUntil,
      connectedMembers: this.network.members().length,
      pendingPublications: waiting,
      failedPublications: dead,
      dhtValues,
    };
  }
}
