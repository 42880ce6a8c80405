import type { Clock, Logger } from '@carecord/core';
import { identify } from '@libp2p/identify';
import type { ConnectionEncrypter, Libp2p, PeerId } from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import type { KadDHT, KadDHTComponents, KadDHTInit } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';
import type { Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { MemoryDatastore, TieredDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { createLibp2p } from 'libp2p';
import { HANDSHAKE_TIMEOUT_MILLISECONDS } from '../encrypter/membership-encrypter.ts';
import type { PeerKey } from '../encrypter/peer-key.ts';
import { valueRefused } from '../network-error.ts';
import { selectNewest } from '../values/value-store.ts';
import type { ValueRules } from '../values/value-rules.ts';
import { limitDhtStreams } from './dht-limits.ts';

/** A Kademlia of our own: nodes of the public one have nothing to say here. */
export const KADEMLIA_PROTOCOL = '/carecord/kad/1';
/** A hospital's replicas and a whole test network share an address; libp2p's default is 5 a second. */
const INBOUND_CONNECTIONS_PER_SECOND = 100;
/** Connections in the middle of the handshake: bounds the work that strangers can cause at once. */
const MAX_PENDING_CONNECTIONS = 64;
/** From the first byte to the muxer: the handshake's own limit and a little for the negotiation around it. */
const UPGRADE_TIMEOUT_MILLISECONDS = HANDSHAKE_TIMEOUT_MILLISECONDS + 2_000;
/** Kademlia's ping of a new peer may be open still when libp2p's own comes, which with the default of one closes the connection under its requests. */
const PING_STREAMS = 4;
/** Milliseconds; with the defaults a get among dead peers takes ten seconds. */
const KADEMLIA_DIAL_TIMEOUT = { minTimeout: 1_000, maxTimeout: 4_000 };

type Registrar = KadDHTComponents['registrar'];

/** The part of kad-dht's routing table that its type hides. */
export interface RoutingTable extends EventTarget {
  readonly size: number;
  remove(peer: PeerId): Promise<void>;
}

/** The services of a node. */
export type NodeServices = { readonly identify: unknown; readonly ping: Ping; readonly dht: KadDHT & { readonly routingTable: RoutingTable } };

/** What {@link createNode} needs. */
export interface NodeParts {
  readonly peerKey: PeerKey;
  readonly listen: readonly string[];
  readonly datastore: Datastore;
  /** The same store as Kademlia may use it. */
  readonly dhtDatastore: Datastore;
  readonly encrypter: ConnectionEncrypter;
  readonly rules: ValueRules;
  /** Whether the membership that a PeerId proved still holds. */
  readonly isMember: (peerId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
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
      dht: (components: KadDHTComponents) => createKademlia(components, parts),
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

function createKademlia(components: KadDHTComponents, parts: NodeParts): NodeServices['dht'] {
  const { peerId, privateKey, addressManager, peerStore, metrics, connectionManager, events, logger } = components;
  const theirs = { peerId, privateKey, addressManager, peerStore, metrics, connectionManager, events, logger, ping: components.ping };
  const ours = { datastore: parts.dhtDatastore, registrar: limitingRegistrar(components.registrar, parts) };
  return kadDHT(kademliaSettings(parts.rules))({ ...theirs, ...ours }) as NodeServices['dht'];
}

/** The registrar, but what Kademlia registers is limited. */
function limitingRegistrar(registrar: Registrar, parts: NodeParts): Registrar {
  const limiting = Object.create(registrar) as Registrar;
  limiting.handle = (protocol, handler, options) => registrar.handle(protocol, limitDhtStreams(handler, parts), options);
  return limiting;
}

function kademliaSettings(rules: ValueRules): KadDHTInit {
  const check = async (dhtKey: Uint8Array, value: Uint8Array): Promise<void> => {
    await rules.check(dhtKey, value);
  };
  const select = (dhtKey: Uint8Array, values: Uint8Array[]): Promise<number> => selectNewest(rules, dhtKey, values);
  const names = rules.validatorNames();
  return {
    protocol: KADEMLIA_PROTOCOL,
    clientMode: false,
    // Members list the addresses at which they can be reached, private ones in a hospital network included.
    peerInfoMapper: passthroughMapper,
    networkDialTimeout: KADEMLIA_DIAL_TIMEOUT,
    // The first node of a network has nobody to wait for.
    allowQueryWithZeroPeers: true,
    validators: { ...Object.fromEntries(names.map((name) => [name, check])), pk: refuse },
    selectors: Object.fromEntries(names.map((name) => [name, select])),
  };
}

/** kad-dht brings a kind of its own, public keys, which nobody here needs. */
function refuse(): never {
  throw valueRefused('A DHT value is of an unknown kind.');
}
