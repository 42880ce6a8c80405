import type { NetworkHost, NetworkStatistics, PeerReport } from '@carecord/network';
import { NodeError } from '../failures/node-error.ts';

/** Changes of patients that the network has not seen yet. */
export interface PublicationBacklog {
  readonly waiting: number;
  /** Failed too often, and waiting for a person. */
  readonly failed: number;
}

/** The network as this node sees it; `publications` are a hospital's alone. */
export interface NetworkStatusReport extends NetworkStatistics {
  readonly publications: PublicationBacklog | undefined;
}

/** Gathers what an operator sees of the network: peers one by one, and everything else in numbers. */
export class NetworkStatus {
  /**
   * @param host the node's network host: an authority answers over HTTP before it has one
   * @param backlog reads what waits to be published; an authority publishes nothing
   */
  constructor(
    private readonly host: () => Pick<NetworkHost, 'peers' | 'statistics'> | undefined,
    private readonly backlog?: () => Promise<PublicationBacklog>,
  ) {}

  /**
   * Connected peers first, then by name.
   * @throws NodeError `NODE_STARTING`
   */
  peers(): PeerReport[] {
    return this.started().peers().sort(byStateAndName);
  }

  /** @throws NodeError `NODE_STARTING` */
  async read(): Promise<NetworkStatusReport> {
    const [statistics, publications] = await Promise.all([this.started().statistics(), this.backlog?.()]);
    return { ...statistics, publications };
  }

  private started(): Pick<NetworkHost, 'peers' | 'statistics'> {
    const host = this.host();
    if (host === undefined) throw new NodeError('NODE_STARTING', 'This node is still starting and not in the network yet: try again.');
    return host;
  }
}

function byStateAndName(left: PeerReport, right: PeerReport): number {
  return Number(right.connected) - Number(left.connected) || left.name.localeCompare(right.name) || left.peerId.localeCompare(right.peerId);
}
