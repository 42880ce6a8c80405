import type { Membership } from '@carecord/identity';
import type { NetworkHost } from '@carecord/network';
import type { NetworkStatus } from './network-status.ts';

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
  readonly dhtValues: { readonly kind: string; readonly count: number }[];
}

/** Gathers the state of a running node. */
export class NodeStatus {
  constructor(
    private readonly network: Pick<NetworkHost, 'addresses' | 'did' | 'members' | 'peerId'>,
    private readonly membership: () => Pick<Membership, 'networkId' | 'validUntil'>,
    private readonly networkStatus: Pick<NetworkStatus, 'read'>,
  ) {}

  async read(): Promise<NodeStatusReport> {
    const { publications, storage } = await this.networkStatus.read();
    const { networkId, validUntil } = this.membership();
    return {
      did: this.network.did,
      peerId: this.network.peerId,
      addresses: this.network.addresses(),
      networkId,
      membershipValidUntil: validUntil,
      connectedMembers: this.network.members().length,
      pendingPublications: publications?.waiting ?? 0,
      failedPublications: publications?.failed ?? 0,
      dhtValues: [...storage.values],
    };
  }
}
