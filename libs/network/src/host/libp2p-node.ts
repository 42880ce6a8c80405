import type { CircuitRelayService } from '@libp2p/circuit-relay-v2';
import { dcutr } from '@libp2p/dcutr';
import type { DCUtRServiceComponents } from '@libp2p/dcutr';
import { identify } from '@libp2p/identify';
import type { Address, ConnectionEncrypter, Libp2p } from '@libp2p/interface';
import { ping } from '@libp2p/ping';
import type { Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { isLoopback } from '@libp2p/utils';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { MemoryDatastore, TieredDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { createLibp2p } from 'libp2p';
import { HANDSHAKE_TIMEOUT_MILLISECONDS } from '../encrypter/membership-encrypter.ts';
import type { PeerKey } from '../encrypter/peer-key.ts';
import { isRelayed, parseListenAddresses } from '../reach/addresses.ts';
import { HEARTBEAT_MILLISECONDS } from '../reach/liveness.ts';
import type { Reach } from '../reach/reach-service.ts';
import { guardStreams } from '../reach/stream-guard.ts';
import { LIBP2P_SILENCE } from './libp2p-silence.ts';

/** A hospital's replicas and a whole test network share an address; libp2p's default is 5 a second. */
const INBOUND_CONNECTIONS_PER_SECOND = 100;
/** Connections in the middle of the handshake: bounds the work that strangers can cause at once. */
const MAX_PENDING_CONNECTIONS = 64;
/** Members that are connected at once, at some 100 KiB each; above it libp2p closes those that are used least, and takes no new ones. */
const MAX_CONNECTIONS = 1_000;
/** From the first byte to the muxer: the handshake's own limit and a little for the negotiation around it. */
const UPGRADE_TIMEOUT_MILLISECONDS = HANDSHAKE_TIMEOUT_MILLISECONDS + 2_000;
/** Our own ping of a peer may be open still when another comes. */
const PING_STREAMS = 4;
/** A peer that is busy with many handshakes says late where it can be dialled; it is asked once a connection. */
const IDENTIFY_TIMEOUT_MILLISECONDS = 20_000;
/** Until a host has taken a TCP connection: two lost packets are made up for; where nothing ever answers it costs no more. */
const CONNECT_TIMEOUT_MILLISECONDS = 3_500;
/** One address, with the handshake. */
const ADDRESS_TIMEOUT_MILLISECONDS = CONNECT_TIMEOUT_MILLISECONDS + HANDSHAKE_TIMEOUT_MILLISECONDS;
/** One peer: several addresses that lead nowhere, or one with a slow handshake. */
const DIAL_TIMEOUT_MILLISECONDS = ADDRESS_TIMEOUT_MILLISECONDS + 1_000;
/** As many as an advert holds; libp2p tries one after the other. */
const MAX_ADDRESSES_TO_DIAL = 8;
/** At once: with a third of them black-holed 15 others go through each second still. */
const PARALLEL_DIALS = 100;
const TCP_DIAL = { noDelay: true, timeout: CONNECT_TIMEOUT_MILLISECONDS };

/** The services of a node. */
export type NodeServices = { readonly identify: unknown; readonly ping: Ping; readonly dcutr: unknown; readonly reach: Reach; readonly relay?: CircuitRelayService };

/** What {@link createNode} needs. */
export interface NodeParts {
  readonly peerKey: PeerKey;
  readonly listen: readonly string[];
  /** Keeps libp2p's peer store. */
  readonly datastore: Datastore;
  readonly encrypter: ConnectionEncrypter;
  readonly reach: Reach;
}

/**
 * A libp2p node with our encrypter as the only one, on every transport, relayed connections included; not started.
 * @throws NetworkError `ADDRESS_INVALID` for an address on which it cannot listen
 */
export async function createNode({ peerKey, listen, datastore, encrypter, reach }: NodeParts): Promise<Libp2p<NodeServices>> {
  const { relayServer } = reach;
  return createLibp2p<NodeServices>({
    start: false,
    logger: LIBP2P_SILENCE,
    privateKey: peerKey.privateKey,
    // The peer store reads before every stream: from memory, and only what changes goes through to the disk.
    datastore: new TieredDatastore([new MemoryDatastore(), datastore]),
    addresses: { listen: parseListenAddresses(listen).map(String), announceFilter: () => reach.announced() },
    transports: [tcp({ dialOpts: TCP_DIAL }), webSockets(), (components) => reach.relayClient.create(components)],
    connectionEncrypters: [() => encrypter],
    connectionGater: reach.gate,
    streamMuxers: [yamux({ keepAliveInterval: HEARTBEAT_MILLISECONDS })],
    // Reach watches connections by what is heard on them.
    connectionMonitor: { enabled: false },
    // libp2p forgets addresses after an hour otherwise, even of connected peers (js-libp2p #3017).
    peerStore: { maxAddressAge: Infinity, maxPeerAge: Infinity },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MILLISECONDS,
      dialTimeout: DIAL_TIMEOUT_MILLISECONDS,
      addressDialTimeout: ADDRESS_TIMEOUT_MILLISECONDS,
      maxPeerAddrsToDial: MAX_ADDRESSES_TO_DIAL,
      maxParallelDials: PARALLEL_DIALS,
      // No DNS records that lead to other addresses: adverts say where members are.
      resolvers: {},
      addressSorter: (one, other) => Math.sign(detour(one) - detour(other)) as -1 | 0 | 1,
    },
    services: {
      identify: identify({ timeout: IDENTIFY_TIMEOUT_MILLISECONDS }),
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
      dcutr: (components: DCUtRServiceComponents) => dcutr()(guardStreams(components, (connection) => reach.allowsUpgrade(connection))),
      reach: (components) => reach.create(components),
      ...(relayServer && { relay: (components) => relayServer.create(components) }),
    },
  });
}

/** Direct addresses come first, then relays, and loopback, which is another machine's mostly, last. */
function detour({ multiaddr }: Address): number {
  return Number(isRelayed(multiaddr)) + 2 * Number(isLoopback(multiaddr));
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
