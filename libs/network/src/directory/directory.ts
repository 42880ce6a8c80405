import type { Connection, Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { orAborted } from '../abort.ts';
import type { MemberRegistry } from '../host/member-registry.ts';
import { NetworkError } from '../network-error.ts';
import type { Member } from '../ports.ts';
import { preferredConnection } from '../reach/connection-report.ts';
import type { RoutedPeer } from '../routing/routing-table.ts';
import type { Advert } from '../values/advert.ts';

/** Dial and handshake; shorter than most protocols' limits, so that the asker learns `UNREACHABLE` and not `TIMEOUT`. */
const DIAL_TIMEOUT_MILLISECONDS = 9_000;
/** The same where the member was before: it may have moved, and there are other ways to find it. */
const KNOWN_DIAL_TIMEOUT_MILLISECONDS = 4_000;

/** What the directory uses of its host. */
export interface DirectoryOptions {
  readonly node: Libp2p;
  readonly registry: Pick<MemberRegistry, 'byPeer' | 'connectedPeerOf' | 'peersOf'>;
  /** Our own DID: other peers of it are replicas of ourselves, whom we ask nothing. */
  readonly ownDid: string;
  /** Where the routing table has a member. */
  readonly routed: (did: string) => readonly RoutedPeer[];
  /** Looks for a member where its DID stands in the key space, and leaves it connected if it was found. */
  readonly lookUp: (did: string) => Promise<unknown>;
  /** The advert of a DID in the DHT, verified. */
  readonly findAdvert: (did: string) => Promise<Advert | undefined>;
}

/** From a DID to a connection on which that DID was proven. Whoever says where it is only says where to try. */
export class Directory {
  private readonly searches = new Map<string, Promise<Connection>>();

  constructor(private readonly options: DirectoryOptions) {}

  /**
   * A connection to the member with this DID: one that is open, else to where it was, else to where the DHT says that it is.
   * @throws NetworkError `UNREACHABLE`
   */
  async connectionTo(did: string): Promise<Connection> {
    if (did === this.options.ownDid) throw unreachable();
    const open = this.openConnection(did);
    if (open !== undefined) return open;
    const search = this.searches.get(did) ?? this.search(did).finally(() => this.searches.delete(did));
    this.searches.set(did, search);
    return search;
  }

  /**
   * A connection to a member: one that is open, else to any of these peers; all are tried at once.
   * @param onImpostor told of a peer that proved to be another member
   * @throws NetworkError `UNREACHABLE`; or the signal's reason
   */
  async connectionVia(did: string, peers: readonly RoutedPeer[], signal: AbortSignal | undefined, onImpostor: (peerId: string) => void = () => undefined): Promise<Connection> {
    if (did === this.options.ownDid) throw unreachable();
    const open = this.openConnection(did);
    if (open !== undefined) return open;
    const byPeerId = new Map(peers.toReversed().map((peer) => [peer.peerId, peer]));
    // A dial goes on when nobody waits for it any more: the next question to the member finds it connected.
    const attempts = [...byPeerId.values()].map(async ({ peerId, addresses }) => {
      const connection = await this.dial(() => addresses.map((address) => multiaddr(address)), DIAL_TIMEOUT_MILLISECONDS);
      if (this.proves(connection, did)) return connection;
      onImpostor(peerId);
      // Somebody else lives there: a member, so the connection is no danger, but it is of no use.
      throw unreachable();
    });
    return firstOf(attempts, signal);
  }

  /**
   * Dials an address and gives who answered.
   * @throws NetworkError `UNREACHABLE`
   */
  async connect(address: string): Promise<Member> {
    const connection = await this.dial(() => [multiaddr(address)], DIAL_TIMEOUT_MILLISECONDS);
    const member = this.options.registry.byPeer(connection.remotePeer.toString());
    if (member === undefined) throw unreachable();
    return member;
  }

  /** An open connection to this very peer; a direct one before one through a relay. */
  connectionToPeer(peerId: string): Connection | undefined {
    return preferredConnection(this.options.node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId));
  }

  private openConnection(did: string): Connection | undefined {
    const member = this.options.registry.connectedPeerOf(did);
    return member && this.connectionToPeer(member.peerId);
  }

  /** What is known here first, then what the DHT says: its own neighbourhood, and last what it has told of itself. */
  private async search(did: string): Promise<Connection> {
    const known = await this.dialKnown(did);
    if (known !== undefined) return known;
    await this.options.lookUp(did);
    const found = this.openConnection(did);
    if (found !== undefined) return found;
    const advert = await this.options.findAdvert(did);
    if (advert === undefined) throw unreachable();
    return this.connectionVia(did, [advert], undefined);
  }

  /** Where it proved itself before. */
  private async dialKnown(did: string): Promise<Connection | undefined> {
    const { registry, routed } = this.options;
    const attempts = [
      ...routed(did).map(({ addresses }) => this.dial(() => addresses.map((address) => multiaddr(address)), KNOWN_DIAL_TIMEOUT_MILLISECONDS)),
      // libp2p keeps the addresses of each peer that it has met.
      ...registry.peersOf(did).map(({ peerId }) => this.dial(() => peerIdFromString(peerId), KNOWN_DIAL_TIMEOUT_MILLISECONDS)),
    ];
    try {
      const connection = await firstOf(attempts, undefined);
      return this.proves(connection, did) ? connection : undefined;
    } catch (error) {
      if (error instanceof NetworkError) return undefined;
      throw error;
    }
  }

  private proves(connection: Connection, did: string): boolean {
    return this.options.registry.byPeer(connection.remotePeer.toString())?.did === did;
  }

  /** @param to read here, so that what is no address is nowhere to be reached */
  private async dial(to: () => Parameters<Libp2p['dial']>[0], milliseconds: number): Promise<Connection> {
    try {
      return await this.options.node.dial(to(), { signal: AbortSignal.timeout(milliseconds) });
    } catch (cause) {
      throw unreachable(cause);
    }
  }
}

/** The first of the attempts that succeeds. */
async function firstOf(attempts: readonly Promise<Connection>[], signal: AbortSignal | undefined): Promise<Connection> {
  try {
    return await orAborted(Promise.any(attempts), signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof AggregateError ? unreachable(error) : error;
  }
}

function unreachable(cause?: unknown): NetworkError {
  return new NetworkError('UNREACHABLE', 'The member cannot be reached.', { cause });
}
