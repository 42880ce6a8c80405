import { Args, Query, Resolver } from '@nestjs/graphql';
import { Requires } from '../../authorisation/requires.ts';
import { NetworkStatus } from '../../status/network-status.ts';
import type { NetworkStatusReport } from '../../status/network-status.ts';
import { InputPipe } from '../common/input.ts';
import { pageSchema } from '../common/input-schemas.ts';
import type { Page } from '../common/input-schemas.ts';
import { pageOf } from '../common/paging.ts';
import { resultUnion } from '../common/result-union.ts';
import { PageInput } from '../common/shared-inputs.ts';
import { NetworkPeers, NetworkState } from './network-types.ts';

const PeersResult = resultUnion('PeersResult', NetworkPeers);
const NetworkStatusResult = resultUnion('NetworkStatusResult', NetworkState);

/** Whom a node of either role is connected with, and how its network is. */
@Resolver()
export class NetworkResolver {
  constructor(private readonly network: NetworkStatus) {}

  @Requires('network.read')
  @Query(() => PeersResult, { description: 'The other nodes that this one is connected with or has in its routing table.' })
  peers(@Args('page', { type: () => PageInput, nullable: true }, new InputPipe(pageSchema)) page: Page): NetworkPeers {
    const { entries, nextCursor } = pageOf(this.network.peers(), page);
    return { peers: entries.map((peer) => ({ ...peer, roles: [...peer.roles] })), nextCursor };
  }

  @Requires('network.read')
  @Query(() => NetworkStatusResult, { description: 'The network as this node sees it, in numbers.' })
  async networkStatus(): Promise<NetworkState> {
    return shown(await this.network.read());
  }
}

function shown({ storage, messages, dropped, handshakes, ...report }: NetworkStatusReport): NetworkState {
  return {
    ...report,
    messages: [...messages],
    dropped: [...dropped],
    storedValues: [...storage.values],
    handshakes: { ...handshakes, refused: [...handshakes.refused] },
  };
}
