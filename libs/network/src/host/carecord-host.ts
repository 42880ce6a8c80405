import type { GeneralJws, SigningPublicKeys } from '@carecord/crypto';
import type { DidHistory, MemberRole } from '@carecord/identity';
import type { Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { z } from 'zod';
import { AdvertFinder } from '../directory/advert-finder.ts';
import { Directory } from '../directory/directory.ts';
import { KnownMembers } from '../directory/known-members.ts';
import { findByRole } from '../directory/members-by-role.ts';
import type { NetworkCounters } from '../health/network-counters.ts';
import type { Reputations } from '../health/reputations.ts';
import { WhoIsWho } from '../identity/who-is-who.ts';
import { every } from '../every.ts';
import { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type {
  DhtEntry,
  DhtPlace,
  DhtValueName,
  DhtValues,
  KnownMember,
  Member,
  MessageHandler,
  MessageProtocol,
  NetworkHost,
  NetworkHostOptions,
  NetworkStatistics,
  PeerReport,
  Placement,
  PublishOptions,
  RepairReport,
  Told,
} from '../ports.ts';
import { noRouting } from '../routing/no-routing.ts';
import type { Routing } from '../routing/ports.ts';
import { Router } from '../routing/router.ts';
import type { RoutedPeer } from '../routing/routing-table.ts';
import type { AdvertKind } from '../values/advert.ts';
import { AdvertPublisher } from '../values/advert-publisher.ts';
import type { ValueRules } from '../values/value-rules.ts';
import { ValueNetwork } from '../values/value-network.ts';
import type { RelayCandidate } from '../reach/relay-reservations.ts';
import { acquaintancesOf } from './acquaintances.ts';
import { keepBootstrapped } from './bootstrap-dialler.ts';
import { limitConnections } from './connection-limit.ts';
import { HostValues } from './host-values.ts';
import { stopNode } from './libp2p-node.ts';
import type { NodeServices } from './libp2p-node.ts';
import type { MemberRegistry } from './member-registry.ts';
import { reportPeers } from './peer-reports.ts';
import { Questions } from './questions.ts';
import { RELAY_CAPABILITY, relaysAmong } from './relay-candidates.ts';
import { keepTableFed } from './routed-members.ts';
import { statisticsOf } from './network-statistics.ts';

/** Members that keep each value. */
export const DEFAULT_REPLICATION = 5;

/** How often to look whether something of what our advert says has changed. */
const ADVERT_CHECK_MILLISECONDS = 10_000;

/** Authorities issue a status list every hour: two that did not arrive are a reason to ask somebody else. */
const EXPECTED_LIST_MILLISECONDS = 2 * 60 * 60 * 1000;

/** What a host is put together from. */
export interface HostParts {
  readonly options: NetworkHostOptions;
  readonly node: Libp2p<NodeServices>;
  readonly registry: MemberRegistry;
  readonly rules: ValueRules;
  readonly adverts: AdvertKind;
  readonly reputations: Reputations;
  readonly counters: NetworkCounters;
}

/** {@link NetworkHost} on libp2p. */
export class CarecordHost implements NetworkHost {
  private readonly messages: MessageServer;
  private readonly router: Router;
  private readonly routing: Routing;
  private readonly questions: Questions;
  private readonly values: ValueNetwork;
  private readonly dht: HostValues;
  private readonly directory: Directory;
  private readonly advertFinder: AdvertFinder;
  private readonly known: KnownMembers;
  private readonly whoIsWho: WhoIsWho;
  private readonly publisher: AdvertPublisher;
  private readonly startedAt: Date;
  private stopping = new AbortController();
  private background: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: HostParts) {
    const { counters, node, registry, reputations, rules } = parts;
    const { local, clock, histories, logger, values, replication = DEFAULT_REPLICATION } = parts.options;
    this.startedAt = clock.now();
    this.messages = new MessageServer({ node, registry, observer: reputations, counters, clock, logger, beforeAnswer: ({ peerId }, protocol) => this.whoIsWho.tellFirst(peerId, protocol) });
    this.questions = new Questions({ registry, directory: () => this.directory, tellFirst: (peerId, protocol) => this.whoIsWho.tellFirst(peerId, protocol), observer: reputations, counters, clock });
    this.router = new Router({
      ownDid: local.did,
      asker: {
        ask: (protocol, { did, peers, onImpostor }, request, signal) => this.questions.askOver(protocol, did, request, (until) => this.directory.connectionVia(did, peers, until, onImpostor), signal),
      },
      observer: reputations,
      lookups: counters,
      isMember: (did) => registry.stands(did),
      clock,
      logger,
    });
    this.routing = this.isInDht ? this.router : noRouting;
    this.values = new ValueNetwork({
      routing: this.routing,
      // Not through adverts: these are values themselves.
      ask: (protocol, did, request, options) => this.questions.askOver(protocol, did, request, (until) => this.directory.connectionVia(did, this.placesOf(did), until), options?.signal),
      rules,
      store: values,
      ownDid: local.did,
      replication,
      observer: reputations,
      counters,
      clock,
      logger,
    });
    this.dht = new HostValues({ values: this.values, router: this.router, node, isInDht: this.isInDht, hasBootstrap: parts.options.bootstrap.length > 0, stopping: () => this.stopping.signal });
    this.directory = new Directory({
      node,
      registry,
      ownDid: local.did,
      routed: (did) => this.placesOf(did),
      lookUp: (did) => this.dht.lookUp(did),
      findAdvert: (did) => this.advertFinder.find(did),
    });
    this.advertFinder = new AdvertFinder({ host: this, adverts: parts.adverts, histories });
    this.known = new KnownMembers({ registry, adverts: parts.adverts, store: values, histories, clock });
    this.publisher = new AdvertPublisher({ host: this, local, capabilities: parts.options.relayServer === true ? [RELAY_CAPABILITY] : [], storers: (placement) => this.routing.nearest(placement, replication).map(({ did }) => did), clock, logger });
    this.whoIsWho = new WhoIsWho({ ...parts.options, registry, host: this, peers: this.questions.singlePeers, cutOff: (fallen) => this.cutOff(fallen) });
    this.whoIsWho.register(this.messages);
    if (this.isInDht) this.joinDht();
    node.addEventListener('peer:disconnect', ({ detail }) => this.whoIsWho.gone(detail.toString()));
    limitConnections({ node, memberOf: (peerId) => registry.byPeer(peerId)?.did });
  }

  get peerId(): string {
    return this.parts.node.peerId.toString();
  }

  get did(): string {
    return this.parts.options.local.did;
  }

  addresses(): string[] {
    return this.parts.node.getMultiaddrs().map((address) => address.toString());
  }

  routingTableSize(): number {
    return this.router.table.size;
  }

  handle<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: MessageHandler<Request, Response>,
  ): void {
    this.messages.handle(protocol, handler);
  }

  request<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    toDid: string,
    request: z.infer<Request>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<z.infer<Response>> {
    return this.questions.askOver(protocol, toDid, request, () => this.directory.connectionTo(toDid), options?.signal);
  }

  put(kind: DhtValueName, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }> {
    return this.dht.put(kind, key, value);
  }

  get(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.dht.get(kind, key);
  }

  getAll(kind: DhtValueName, key: Uint8Array): Promise<DhtValues> {
    return this.dht.getAll(kind, key);
  }

  publish(entries: readonly DhtEntry[], options?: PublishOptions): Promise<Placement[]> {
    return this.dht.publish(entries, options);
  }

  readAll(places: readonly DhtPlace[], options?: { readonly signal?: AbortSignal }): Promise<DhtValues[]> {
    return this.dht.readAll(places, options);
  }

  repair(): Promise<RepairReport> {
    return this.dht.repair();
  }

  findProviders(contentId: string): Promise<string[]> {
    return this.dht.findProviders(contentId);
  }

  members(): Member[] {
    return this.parts.registry.connected();
  }

  async memberByDid(did: string): Promise<Member | undefined> {
    try {
      const connection = await this.directory.connectionTo(did);
      return this.parts.registry.byPeer(connection.remotePeer.toString());
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'UNREACHABLE') return undefined;
      throw error;
    }
  }

  async knownMember(did: string): Promise<KnownMember | undefined> {
    return (await this.known.here(did)) ?? this.advertFinder.findQuietly(did);
  }

  findMembers(role: MemberRole): Promise<KnownMember[]> {
    const { adverts, options } = this.parts;
    const sources = { connected: this.members(), advertised: adverts.allKnown(), trusted: options.trust.authorities(), find: (did: string) => this.knownMember(did) };
    return findByRole(role, this.did, sources);
  }

  connect(address: string): Promise<Member> {
    return this.directory.connect(address);
  }

  announceIdentity(history?: DidHistory): Promise<Told> {
    return this.whoIsWho.announceIdentity(history);
  }

  announceStatus(jws: GeneralJws): Promise<Told> {
    return this.whoIsWho.announceStatus(jws);
  }

  refreshStatusLists(): Promise<boolean> {
    return this.whoIsWho.refreshStatusLists();
  }

  findHistory(did: string): Promise<DidHistory | undefined> {
    return this.whoIsWho.findHistory(did);
  }

  peers(): PeerReport[] {
    const { node, options, registry, reputations } = this.parts;
    return reportPeers({
      registry,
      routed: () => this.router.table.members(),
      connections: () => node.getConnections(),
      reportConnection: (peerId) => node.services.reach.report(peerId),
      reputations,
      statuses: options.statuses,
      clock: options.clock,
    });
  }

  async statistics(): Promise<NetworkStatistics> {
    const { counters, node } = this.parts;
    return statisticsOf({
      startedAt: this.startedAt,
      isInDht: this.isInDht,
      connectedMembers: this.otherDids().size,
      connections: node.getConnections().length,
      relayedConnections: node.services.reach.relayedConnections(),
      table: this.router.table,
      values: await this.values.statistics(),
      totals: counters.totals(),
      recentLookups: counters.recentLookups(),
    });
  }

  async start(): Promise<void> {
    const { clock, logger } = this.parts.options;
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    this.messages.start();
    this.whoIsWho.start();
    await this.parts.node.start();
    this.background = Promise.allSettled([
      this.keepJoined(signal),
      this.whoIsWho.run(signal),
      ...(this.isInDht ? [this.router.run(signal), this.values.run(signal), this.publisher.run(signal), every(ADVERT_CHECK_MILLISECONDS, clock, signal, () => this.publisher.renewIfChanged())] : []),
    ]);
    logger.info('network-started', { peerId: this.peerId, did: this.did });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.whoIsWho.stop();
    await this.messages.stop();
    await stopNode(this.parts.node);
    await this.background;
    this.parts.options.logger.info('network-stopped', { peerId: this.peerId });
  }

  /** A handshake has shown a peer this version of our DID. */
  shown(peerId: string, versionNumber: number): void {
    this.whoIsWho.shown(peerId, versionNumber);
  }

  /** Our addresses are not those that our advert says. */
  addressesChanged(): void {
    this.publisher.changed();
  }

  /** Members that relay for others, as far as we have met them or their adverts. */
  relayCandidates(): Promise<RelayCandidate[]> {
    const { adverts, node, registry } = this.parts;
    return relaysAmong({ node, memberOf: (peerId) => registry.byPeer(peerId)?.did, advertised: adverts.allKnown() });
  }

  /** The accepted keys of a member, ours included, as far as this node has them: asks nobody, for validators must not. */
  async keysOf(did: string): Promise<readonly SigningPublicKeys[] | undefined> {
    if (did === this.did) return this.parts.options.local.current().resolved.acceptedSigning;
    return (await this.known.here(did))?.resolved.acceptedSigning;
  }

  private get isInDht(): boolean {
    return this.parts.options.dht ?? true;
  }

  private joinDht(): void {
    const { node, registry } = this.parts;
    this.router.register(this.messages);
    this.values.register(this.messages);
    keepTableFed({ node, registry, router: this.router });
    this.router.onChange(() => {
      if (node.status === 'started') this.publisher.neighboursChanged();
    });
  }

  private keepJoined(signal: AbortSignal): Promise<void> {
    const { node, options, registry } = this.parts;
    const { bootstrap, clock, logger } = options;
    return keepBootstrapped(
      {
        addresses: bootstrap,
        acquaintances: () => acquaintancesOf({ node, isRouted: (peerId) => this.isRouted(registry.byPeer(peerId)?.did) }),
        clock,
        logger,
        isAlone: () => this.otherDids().size === 0,
        isOneSided: () => this.otherDids().size === 1 || this.hearsNothingNew(),
        dial: (address) => this.dialNew(address),
        joined: () => this.router.explore(),
      },
      signal,
    );
  }

  private async dialNew(address: string): Promise<boolean> {
    const before = new Set(this.members().map(({ peerId }) => peerId));
    const { peerId } = await this.connect(address);
    return !before.has(peerId);
  }

  private isRouted(did: string | undefined): boolean {
    return did !== undefined && this.router.table.get(did) !== undefined;
  }

  private placesOf(did: string): readonly RoutedPeer[] {
    return this.router.table.get(did)?.peers ?? [];
  }

  private otherDids(): ReadonlySet<string> {
    return new Set(this.members().flatMap(({ did }) => (did === this.did ? [] : [did])));
  }

  private hearsNothingNew(): boolean {
    const { clock, statuses } = this.parts.options;
    return (statuses.oldestAge(clock.now()) ?? Infinity) > EXPECTED_LIST_MILLISECONDS;
  }

  private cutOff({ did, peerId }: Member): void {
    this.router.remove(did, peerId);
    for (const connection of this.parts.node.getConnections(peerIdFromString(peerId))) connection.abort(new Error('NOT_A_MEMBER'));
  }
}
