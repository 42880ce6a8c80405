import { identify } from '@libp2p/identify';
import type { ConnectionEncrypter, Libp2p } from '@libp2p/interface';
import { ping } from '@libp2p/ping';
import type { Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { MemoryDatastore, TieredDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { createLibp2p } from 'libp2p';
import { HANDSHAKE_TIMEOUT_MILLISECONDS } from '../encrypter/membership-encrypter.ts';
import type { PeerKey } from '../encrypter/peer-key.ts';

/** A hospital's replicas and a whole test network share an address; libp2p's default is 5 a second. */
const INBOUND_CONNECTIONS_PER_SECOND = 100;
/** Connections in the middle of the handshake: bounds the work that strangers can cause at once. */
const MAX_PENDING_CONNECTIONS = 64;
/** From the first byte to the muxer: the handshake's own limit and a little for the negotiation around it. */
const UPGRADE_TIMEOUT_MILLISECONDS = HANDSHAKE_TIMEOUT_MILLISECONDS + 2_000;
/** Our own ping of a peer may be open still when libp2p's own comes, which with the default of one closes the connection under its requests. */
const PING_STREAMS = 4;

/** The services of a node. */
export type NodeServices = { readonly identify: unknown; readonly ping: Ping };

/** What {@link createNode} needs. */
export interface NodeParts {
  readonly peerKey: PeerKey;
  readonly listen: readonly string[];
  /** Keeps libp2p's peer store. */
  readonly datastore: Datastore;
  readonly encrypter: ConnectionEncrypter;
}

/** A libp2p node with our encrypter as the only one, not started. */
export function createNode(parts: NodeParts): Promise<Libp2p<NodeServices>> {
  return createLibp2p<NodeServices>({
    start: false,
    privateKey: parts.peerKey.privateKey,
    // The peer store reads before every stream: from memory, and only what changes goes through to the disk.
    datastore: new TieredDatastore([new MemoryDatastore(), parts.datastore]),
    addresses: { listen: [...parts.listen] },
    transports: [tcp()],
    connectionEncrypters: [() => parts.encrypter],
    streamMuxers: [yamux()],
    // libp2p forgets addresses after an hour otherwise, even of connected peers (js-libp2p #3017).
    peerStore: { maxAddressAge: Infinity, maxPeerAge: Infinity },
    connectionManager: {
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MILLISECONDS,
    },
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
    },
  });
}

/** What libp2p's type hides of its address manager. */
interface WithAddressManager {
  readonly components?: { readonly addressManager?: { readonly _updatePeerStoreAddresses?: { stop?(): void } } };
}

/** Stops a node for good: libp2p leaves a timer behind that writes to the datastore a second later. */
export async function stopNode(node: Libp2p<NodeServices>): Promise<void> {
  await node.stop();
  (node as WithAddressManager).components?.addressManager?._updatePeerStoreAddresses?.stop?.();
}
