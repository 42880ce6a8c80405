import type { Libp2p } from '@libp2p/interface';
import { someOf } from '../identity/peers.ts';

/** Peers that are tried at a time: over time everybody's turn comes. */
const TRIED = 8;
/** Addresses of each: the first ones are those that it named last. */
const ADDRESSES_A_PEER = 2;

/** Where {@link acquaintancesOf} looks. */
export interface AcquaintanceSources {
  readonly node: Pick<Libp2p, 'getConnections' | 'peerStore'>;
  /** Whether the routing table has the peer: then it is not lost. */
  readonly isRouted: (peerId: string) => boolean;
}

/** Addresses of some peers that proved themselves once, in this run or an earlier one, and are lost: libp2p keeps the addresses of those that it met. */
export async function acquaintancesOf({ node, isRouted }: AcquaintanceSources): Promise<string[]> {
  const connected = new Set(node.getConnections().map(({ remotePeer }) => remotePeer.toString()));
  const met = await node.peerStore.all();
  const lost = met.filter(({ id, addresses }) => addresses.length > 0 && !connected.has(id.toString()) && !isRouted(id.toString()));
  return someOf(lost, TRIED).flatMap(({ id, addresses }) => addresses.slice(0, ADDRESSES_A_PEER).map(({ multiaddr }) => `${multiaddr.toString()}/p2p/${id.toString()}`));
}
