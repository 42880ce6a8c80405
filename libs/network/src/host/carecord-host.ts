import { later } from '@carecord/core';
import type { GeneralJws, SigningPublicKeys } from '@carecord/crypto';
import type { DidHistory } from '@carecord/identity';
import type { Connection, Libp2p, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { z } from 'zod';
import { orAborted } from '../abort.ts';
import { AdvertFinder } from '../directory/advert-finder.ts';
import { Directory } from '../directory/directory.ts';
import { KnownMembers } from '../directory/known-members.ts';
import type { Peers } from '../identity/peers.ts';
import { WhoIsWho } from '../identity/who-is-who.ts';
import { every } from '../every.ts';
import { ask } from '../messages/message-client.ts';
import { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type { DhtValueName, DhtValues, KnownMember, Member, MessageHandler, MessageProtocol, NetworkHost, NetworkHostOptions, Told } from '../ports.ts';
import type { AdvertKind } from '../values/advert.ts';
import { AdvertPublisher } from '../values/advert-publisher.ts';
import type { GuardedDatastore } from '../values/guarded-datastore.ts';
import { ValueStore } from '../values/value-store.ts';
import type { ValueRules } from '../values/value-rules.ts';
import { keepBootstrapped } from './bootstrap-dialler.ts';
import { stopNode } from './libp2p-node.ts';
import type { NodeServices } from './libp2p-node.ts';
import type { MemberRegistry } from './member-registry.ts';

/** How often expired values are deleted. */
const SWEEP_MILLISECONDS = 60 * 60 * 1000;

/** How often to look whether our keys have rotated, so that our advert needs renewing. */
const ADVERT_CHECK_MILLISECONDS = 10_000;

/** Authorities issue a status list every hour: two that did not arrive are a reason to ask somebody else. */
const EXPECTED_LIST_MILLISECONDS = 2 * 60 * 60 * 1000;

/** How long the first lookup waits for a connected peer to be in the routing table: identify and one ping. */
const ROUTING_TIMEOUT_MILLISECONDS = 2_000;

/** What a host is put together from. */
export interface HostParts {
  readonly options: NetworkHostOptions;
  readonly node: Libp2p<NodeServices>;
  readonly registry: MemberRegistry;
  readonly rules: ValueRules;
  readonly guard: GuardedDatastore;
  readonly adverts: AdvertKind;
}

/** {@link NetworkHost} on libp2p. */
export class CarecordHost implements NetworkHost {
  private readonly messages: MessageServer;
  private readonly values: ValueStore;
  private readonly directory: Directory;
  private readonly adverts: AdvertFinder;
  private readonly known: KnownMembers;
  private readonly whoIsWho: WhoIsWho;
  private readonly publisher: AdvertPublisher;
  private stopping = new AbortController();
  private background: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: HostParts) {
    const { node, registry, rules, guard } = parts;
    const { local, clock, histories, logger } = parts.options;
    this.messages = new MessageServer({ node, registry, clock, logger, beforeAnswer: ({ peerId }, protocol) => this.whoIsWho.tellFirst(peerId, protocol) });
    this.values = new ValueStore(node.services.dht, rules, guard, logger);
    this.directory = new Directory({ node, registry, ownDid: local.did, findAdvert: (did) => this.adverts.find(did) });
    this.adverts = new AdvertFinder({ host: this, adverts: parts.adverts, histories });
    this.known = new KnownMembers({ registry, adverts: parts.adverts, guard, histories });
    this.publisher = new AdvertPublisher({ host: this, local, clock, logger });
    this.whoIsWho = new WhoIsWho({ ...parts.options, registry, host: this, peers: this.peers(), cutOff: (peerId) => this.cutOff(peerId) });
    this.whoIsWho.register(this.messages);
    node.services.dht.routingTable.addEventListener('peer:add', () => {
      if (node.status === 'started') this.publisher.peerJoined();
    });
    // Peers that have gone would stay in the routing table, and every query would wait for them.
    node.addEventListener('peer:disconnect', (event: CustomEvent<PeerId>) => {
      const peer = event.detail.toString();
      this.whoIsWho.gone(peer);
      node.services.dht.routingTable.remove(event.detail).catch((error: unknown) => logger.warn('peer-not-removed', { peer }, error));
    });
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
    return this.parts.node.services.dht.routingTable.size;
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
    const connect = async (signal: AbortSignal): Promise<Connection> => {
      const connection = await orAborted(this.directory.connectionTo(toDid), signal);
      await orAborted(this.whoIsWho.tellFirst(connection.remotePeer.toString(), protocol.name), signal);
      return connection;
    };
    return ask(protocol, request, connect, options?.signal);
  }

  async put(kind: DhtValueName, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }> {
    await this.untilRouted();
    return this.values.put(kind, key, value, this.stopping.signal);
  }

  async get(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.untilRouted();
    return this.values.get(kind, key, this.stopping.signal);
  }

  async getAll(kind: DhtValueName, key: Uint8Array): Promise<DhtValues> {
    await this.untilRouted();
    return this.values.getAll(kind, key, this.stopping.signal);
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
    return (await this.known.here(did)) ?? this.adverts.findQuietly(did);
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

  async start(): Promise<void> {
    const { bootstrap, clock, logger } = this.parts.options;
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    this.messages.start();
    this.whoIsWho.start();
    await this.parts.node.start();
    this.background = Promise.allSettled([
      keepBootstrapped(
        {
          addresses: bootstrap,
          clock,
          logger,
          isAlone: () => this.otherDids().size === 0,
          isOneSided: () => this.otherDids().size === 1 || this.hearsNothingNew(),
          dial: (address) => this.connect(address),
        },
        signal,
      ),
      this.publisher.run(signal),
      this.keepSwept(signal),
      every(ADVERT_CHECK_MILLISECONDS, clock, signal, () => this.publisher.renewIfIdentityChanged()),
      this.whoIsWho.run(signal),
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

  /** The accepted keys of a member, ours included, as far as this node has them: asks nobody, for validators must not. */
  async keysOf(did: string): Promise<readonly SigningPublicKeys[] | undefined> {
    if (did === this.did) return this.parts.options.local.current().resolved.acceptedSigning;
    return (await this.known.here(did))?.resolved.acceptedSigning;
  }

  private otherDids(): ReadonlySet<string> {
    return new Set(this.members().flatMap(({ did }) => (did === this.did ? [] : [did])));
  }

  private hearsNothingNew(): boolean {
    const { clock, statuses } = this.parts.options;
    return (statuses.oldestAge(clock.now()) ?? Infinity) > EXPECTED_LIST_MILLISECONDS;
  }

  private peers(): Peers {
    return {
      connected: () => this.parts.registry.connected(),
      ask: (protocol, peerId, request, signal) => {
        const connect = (): Promise<Connection> => {
          const connection = this.directory.connectionToPeer(peerId);
          return connection === undefined ? Promise.reject(new NetworkError('UNREACHABLE', 'The peer is not connected any more.')) : Promise.resolve(connection);
        };
        return ask(protocol, request, connect, signal);
      },
    };
  }

  private cutOff(peerId: string): void {
    const { node, options } = this.parts;
    const peer = peerIdFromString(peerId);
    for (const connection of node.getConnections(peer)) connection.abort(new Error('NOT_A_MEMBER'));
    node.services.dht.routingTable.remove(peer).catch((error: unknown) => options.logger.warn('peer-not-removed', { peer: peerId }, error));
  }

  /** Kademlia learns of a peer a moment after it has connected: without waiting, the first lookup of a node would ask nobody. */
  private async untilRouted(): Promise<void> {
    const { node } = this.parts;
    const { routingTable } = node.services.dht;
    if (routingTable.size > 0 || node.getConnections().length === 0) return;
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(ROUTING_TIMEOUT_MILLISECONDS)]);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    routingTable.addEventListener('peer:add', () => resolve(undefined), { once: true, signal });
    // Too late or stopping: the lookup asks whom it knows.
    await orAborted(promise, signal).catch(() => undefined);
  }

  private async keepSwept(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.parts.options;
    while (!signal.aborted) {
      try {
        const removed = await this.parts.guard.sweep();
        if (removed > 0) logger.debug('values-expired', { removed });
      } catch (error) {
        logger.warn('sweep-failed', {}, error);
      }
      await clock.sleepUntil(later(clock.now(), SWEEP_MILLISECONDS), signal).catch(() => undefined);
    }
  }
}
