import type { Connection, Libp2p } from '@libp2p/interface';

/**
 * Connections with one hospital at once: its replicas, each directly, through relays, and twice for a moment. Whoever opens more would take
 * the places of others.
 */
export const MAX_CONNECTIONS_A_MEMBER = 32;

/** What {@link limitConnections} works with. */
export interface ConnectionLimit {
  readonly node: Pick<Libp2p, 'addEventListener' | 'getConnections'>;
  /** The DID that a peer has proven. */
  readonly memberOf: (peerId: string) => string | undefined;
}

/** Ends the oldest connection with a member that has opened more than it may have. */
export function limitConnections({ node, memberOf }: ConnectionLimit): void {
  node.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
    const did = memberOf(detail.remotePeer.toString());
    if (did === undefined) return;
    const open = node.getConnections().filter(({ remotePeer, status }) => status === 'open' && memberOf(remotePeer.toString()) === did);
    if (open.length <= MAX_CONNECTIONS_A_MEMBER) return;
    const [oldest] = open.sort((one, other) => one.timeline.open - other.timeline.open);
    oldest?.abort(new Error('TOO_MANY_CONNECTIONS'));
  });
}
