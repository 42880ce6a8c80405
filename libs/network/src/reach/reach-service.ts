import type { Clock, Logger } from '@carecord/core';
import type { Connection, Libp2pEvents, PeerId, PeerStore, Startable, TypedEventTarget } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { ConnectionSecurity } from '../encrypter/connection-security.ts';
import { every } from '../every.ts';
import { NetworkError } from '../network-error.ts';
import type { NetworkHostOptions, PeerReport } from '../ports.ts';
import { addressesToAnnounce, isRelayed, parseAnnouncedAddresses, relaysLast } from './addresses.ts';
import { preferredConnection, reportConnection } from './connection-report.ts';
import { DirectUpgrade } from './direct-upgrade.ts';
import { HintDialler } from './hint-dialler.ts';
import { HEARTBEAT_MILLISECONDS, Liveness } from './liveness.ts';
import { hintsOf, multicastSource } from './local-discovery.ts';
import type { DiscoverySource } from './local-discovery.ts';
import { RelayClient } from './relay-client.ts';
import { RelayReservations } from './relay-reservations.ts';
import type { RelayCandidate } from './relay-reservations.ts';
import { CLOSED_GATE, RelayServer } from './relay-server.ts';

/** A hint, or a relay, that does not answer holds up the next one no longer. */
const DIAL_TIMEOUT_MILLISECONDS = 9_000;

/** What the node needs to be found, and to find others. */
export interface ReachOptions extends Pick<NetworkHostOptions, 'announce' | 'mdns' | 'relayServer' | 'behindFirewall'> {
  readonly networkId: string;
  /** The DID that a peer has proven and for which enough authorities still stand. */
  readonly memberOf: (peerId: string) => string | undefined;
  /** What the encrypter knows of a connection. */
  readonly securityOf: (connection: Connection) => ConnectionSecurity | undefined;
  /** Members that say they relay, with their addresses; asked only with `behindFirewall`. */
  readonly relayCandidates: () => Promise<readonly RelayCandidate[]>;
  /** Called when our addresses have changed, so that a new advert is due. */
  readonly onAddressesChanged: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default multicast DNS */
  readonly discovery?: (components: ReachComponents) => DiscoverySource;
}

/** The parts of libp2p that {@link Reach} uses. */
export interface ReachComponents {
  readonly peerId: PeerId;
  readonly peerStore: PeerStore;
  readonly events: TypedEventTarget<Libp2pEvents>;
  readonly transportManager: { getAddrs(): Multiaddr[] };
  readonly connectionManager: {
    getConnections(peer?: PeerId): Connection[];
    openConnection(target: Multiaddr | Multiaddr[], options: { readonly signal: AbortSignal }): Promise<Connection>;
  };
  readonly addressManager: { getAddresses(): Multiaddr[] };
  readonly logger: Parameters<typeof multicastSource>[0]['logger'];
}

/**
 * How we are reached and reach others: which addresses we announce, relays, the local network, connections that have died. It starts and
 * stops with its libp2p node.
 */
export class Reach implements Startable {
  readonly relayClient = new RelayClient(() => this.relaysChanged());
  readonly relayServer: RelayServer | undefined;
  private readonly configured: readonly Multiaddr[];
  private readonly relays: RelayReservations;
  private readonly hints: HintDialler;
  private readonly upgrade: DirectUpgrade;
  private readonly liveness: Liveness;
  private components: ReachComponents | undefined;
  private discovery: DiscoverySource | undefined;
  private stopping = new AbortController();
  private background: Promise<unknown> = Promise.resolve();

  /** @throws NetworkError `ADDRESS_INVALID` for an address that cannot be announced */
  constructor(private readonly options: ReachOptions) {
    const { clock, logger, memberOf, securityOf } = options;
    this.configured = parseAnnouncedAddresses(options.announce?.addresses ?? []);
    if (options.relayServer === true) this.relayServer = new RelayServer({ memberOf, clock });
    this.relays = new RelayReservations({ candidates: options.relayCandidates, reserve: (candidate) => this.reserve(candidate), held: () => this.relayDids(), clock, logger });
    this.hints = new HintDialler({ isConnected: (peerId) => this.isConnected(peerId), dial: (address, signal) => this.dial([multiaddr(address)], signal), clock, logger });
    this.upgrade = new DirectUpgrade({ memberOf, dial: (addresses) => this.dial(addresses), clock, logger });
    this.liveness = new Liveness({ connections: () => this.connections(), securityOf, logger });
  }

  /** Who may use us as a relay, for libp2p. */
  get gate(): RelayServer['gate'] {
    return this.relayServer?.gate ?? CLOSED_GATE;
  }

  /** The libp2p service. */
  create(components: ReachComponents): this {
    this.components = components;
    components.events.addEventListener('peer:identify', ({ detail }) => void this.upgrade.consider(detail));
    if (this.options.mdns === true) {
      this.discovery = this.options.discovery?.(components) ?? multicastSource({ addressManager: components.addressManager, logger: components.logger } as Parameters<typeof multicastSource>[0], this.options.networkId);
      this.discovery.addEventListener('peer', ({ detail }) => hintsOf(detail).forEach((hint) => this.hints.take(hint)));
    }
    return this;
  }

  /** The addresses that others are told, with `/p2p/<peerId>`; what libp2p would announce is not looked at. */
  announced(): Multiaddr[] {
    if (this.components === undefined) return [];
    const { peerId, transportManager } = this.components;
    const { announce, behindFirewall = false } = this.options;
    const addresses = addressesToAnnounce({
      listening: transportManager.getAddrs(),
      relayed: this.relayClient.addresses(this.cameFrom()),
      configured: this.configured,
      onlyConfigured: announce?.onlyThese ?? false,
      behindFirewall,
    });
    const suffix = `/p2p/${peerId.toString()}`;
    return addresses.map((address) => (address.toString().endsWith(suffix) ? address : address.encapsulate(suffix)));
  }

  /** What an operator sees of the connection with a peer: the direct one, where there are several. */
  report(peerId: string): Pick<PeerReport, 'group' | 'address' | 'relayed'> {
    return reportConnection(preferredConnection(this.connectionsWith(peerId)), this.options.securityOf);
  }

  /** Whether a peer may have us try a direct connection with it now. */
  allowsUpgrade(connection: Connection): boolean {
    return this.upgrade.allows(connection);
  }

  /** How many connections go through a relay. */
  relayedConnections(): number {
    return this.connections().filter(({ remoteAddr }) => isRelayed(remoteAddr)).length;
  }

  /** All its work needs libp2p to be up. */
  start(): void {
    this.stopping = new AbortController();
  }

  /** Called by libp2p when everything has started. */
  async afterStart(): Promise<void> {
    const { signal } = this.stopping;
    const { clock, behindFirewall = false } = this.options;
    this.background = Promise.all([
      every(HEARTBEAT_MILLISECONDS, clock, signal, () => this.liveness.look()),
      this.hints.run(signal),
      behindFirewall ? this.relays.run(signal) : undefined,
    ]);
    await this.discovery?.start();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.discovery?.stop();
    await this.background;
  }

  private connections(): readonly Connection[] {
    return this.components?.connectionManager.getConnections() ?? [];
  }

  private connectionsWith(peerId: string): Connection[] {
    return this.connections().filter(({ remotePeer }) => remotePeer.toString() === peerId);
  }

  private isConnected(peerId: string): boolean {
    return peerId === this.components?.peerId.toString() || this.connectionsWith(peerId).length > 0;
  }

  /** What relays that have dialled us would call their address: the far end of a connection, at which nobody listens. */
  private cameFrom(): Multiaddr[] {
    return this.connections().flatMap(({ direction, remoteAddr }) => (direction === 'inbound' ? [remoteAddr] : []));
  }

  private relayDids(): string[] {
    return this.relayClient.relays().flatMap((relay) => this.options.memberOf(relay.toString()) ?? []);
  }

  private async reserve({ did, addresses }: RelayCandidate): Promise<void> {
    const direct = addresses.map((address) => multiaddr(address)).filter((address) => !isRelayed(address));
    const connection = await this.dial(direct);
    if (this.options.memberOf(connection.remotePeer.toString()) !== did) throw new NetworkError('UNREACHABLE', 'Another member lives at the address of a relay.');
    await this.relayClient.reserve(connection.remotePeer);
  }

  private async dial(addresses: Multiaddr[], outer: AbortSignal = this.stopping.signal): Promise<Connection> {
    if (this.components === undefined || addresses.length === 0) throw new NetworkError('UNREACHABLE', 'There is no address to dial.');
    const signal = AbortSignal.any([outer, AbortSignal.timeout(DIAL_TIMEOUT_MILLISECONDS)]);
    return this.components.connectionManager.openConnection(relaysLast(addresses), { signal });
  }

  private relaysChanged(): void {
    this.relays.ended();
    this.options.onAddressesChanged();
    if (this.components === undefined || this.stopping.signal.aborted) return;
    const { peerStore, peerId } = this.components;
    // libp2p tells connected peers of the new addresses when they change in its own entry.
    const multiaddrs = this.announced().map((address) => address.decapsulate(`/p2p/${peerId.toString()}`));
    peerStore.patch(peerId, { multiaddrs }).catch((error: unknown) => this.options.logger.warn('addresses-not-kept', {}, error));
  }
}
