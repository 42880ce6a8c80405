import type { Connection, Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { MemberRegistry } from '../host/member-registry.ts';
import { NetworkError } from '../network-error.ts';
import type { Member } from '../ports.ts';
import type { Advert } from '../values/advert.ts';

/** Dial and handshake; shorter than most protocols' limits, so that the asker learns `UNREACHABLE` and not `TIMEOUT`. */
const DIAL_TIMEOUT_MILLISECONDS = 9_000;

/** What the directory uses of its host. */
export interface DirectoryOptions {
  readonly node: Libp2p;
  readonly registry: MemberRegistry;
  /** Our own DID: other peers of it are replicas of ourselves, whom we ask nothing. */
  readonly ownDid: string;
  /** The advert of a DID in the DHT, verified. */
  readonly findAdvert: (did: string) => Promise<Advert | undefined>;
}

/** From a DID to a connection on which that DID was proven. Adverts only say where to try. */
export class Directory {
  private readonly searches = new Map<string, Promise<Connection>>();

  constructor(private readonly options: DirectoryOptions) {}

  /**
   * A connection to the member with this DID: one that is open, else a new one.
   * @throws NetworkError `UNREACHABLE`
   */
  async connectionTo(did: string): Promise<Connection> {
    if (did === this.options.ownDid) throw unreachable();
    const open = this.openConnection(did);
    if (open !== undefined) return open;
    const search = this.searches.get(did) ?? this.search(did);
    this.searches.set(did, search);
    try {
      return await search;
    } finally {
      this.searches.delete(did);
    }
  }

  /**
   * Dials an address and gives who answered.
   * @throws NetworkError `UNREACHABLE`
   */
  async connect(address: string): Promise<Member> {
    const connection = await this.dial([address]);
    const member = this.options.registry.byPeer(connection.remotePeer.toString());
    if (member === undefined) throw unreachable();
    return member;
  }

  /** An open connection to this very peer. */
  connectionToPeer(peerId: string): Connection | undefined {
    return this.options.node.getConnections().find((connection) => connection.status === 'open' && connection.remotePeer.toString() === peerId);
  }

  private openConnection(did: string): Connection | undefined {
    const member = this.options.registry.connectedPeerOf(did);
    if (member === undefined) return undefined;
    return this.connectionToPeer(member.peerId);
  }

  private async search(did: string): Promise<Connection> {
    const advert = await this.options.findAdvert(did);
    if (advert === undefined) throw unreachable();
    const connection = await this.dial(advert.addresses);
    if (this.options.registry.byPeer(connection.remotePeer.toString())?.did === did) return connection;
    // Somebody else lives there: a member, so the connection is no danger, but it is of no use.
    throw unreachable();
  }

  private async dial(addresses: readonly string[]): Promise<Connection> {
    try {
      return await this.options.node.dial(addresses.map((address) => multiaddr(address)), { signal: AbortSignal.timeout(DIAL_TIMEOUT_MILLISECONDS) });
    } catch (cause) {
      throw unreachable(cause);
    }
  }
}

function unreachable(cause?: unknown): NetworkError {
  return new NetworkError('UNREACHABLE', 'The member cannot be reached.', { cause });
}
