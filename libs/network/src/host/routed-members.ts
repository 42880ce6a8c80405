import type { IdentifyResult, Libp2p, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { isDiallable } from '../reach/addresses.ts';
import type { Router } from '../routing/router.ts';
import { CLOSEST_PROTOCOL } from '../routing/routing-protocol.ts';
import type { MemberRegistry } from './member-registry.ts';

/** What {@link keepTableFed} works with. */
export interface TableFeed {
  readonly node: Libp2p;
  readonly registry: Pick<MemberRegistry, 'byPeer'>;
  readonly router: Pick<Router, 'proven' | 'doubt'>;
}

/**
 * Puts every member into the routing table that has proven itself on a connection, says on it that it takes part in the DHT, and where it
 * can be dialled; and doubts those whose last connection has ended.
 */
export function keepTableFed({ node, registry, router }: TableFeed): void {
  node.addEventListener('peer:identify', ({ detail }: CustomEvent<IdentifyResult>) => {
    const member = registry.byPeer(detail.peerId.toString());
    if (member === undefined || !detail.protocols.includes(CLOSEST_PROTOCOL.name)) return;
    const addresses = addressesOf(detail);
    if (addresses.length > 0) router.proven(member.did, { peerId: member.peerId, addresses }, detail.connection.remoteAddr.toString());
  });
  node.addEventListener('peer:disconnect', ({ detail }: CustomEvent<PeerId>) => {
    const member = registry.byPeer(detail.toString());
    if (node.status === 'started' && member !== undefined) router.doubt(member.did);
  });
}

/** Where a peer says that it can be dialled; where we have dialled it, if it says nothing. */
function addressesOf({ connection, listenAddrs, peerId, signedPeerRecord }: IdentifyResult): string[] {
  const named = (signedPeerRecord?.addresses ?? listenAddrs).filter(isDiallable);
  const addresses = named.length === 0 && connection.direction === 'outbound' ? [connection.remoteAddr] : named;
  return addresses.map((address) => withPeer(address, peerId.toString()));
}

function withPeer(address: Multiaddr, peerId: string): string {
  const text = address.toString();
  return text.endsWith(`/p2p/${peerId}`) ? text : `${text}/p2p/${peerId}`;
}
