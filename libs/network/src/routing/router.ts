import { BoundedCache } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { multiaddr } from '@multiformats/multiaddr';
import type { z } from 'zod';
import type { LookupRecorder, Observer } from '../health/ports.ts';
import type { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type { MessageProtocol } from '../ports.ts';
import { addressGroup } from './address-group.ts';
import { Fading } from './fading.ts';
import { LivenessChecks } from './liveness-checks.ts';
import { Lookup } from './lookup.ts';
import type { Candidate } from './lookup-candidate.ts';
import { Maintenance } from './maintenance.ts';
import { Patience } from './patience.ts';
import type { Contact, LookupResult, Routing } from './ports.ts';
import { CLOSEST_PROTOCOL, PING_PROTOCOL } from './routing-protocol.ts';
import type { NamedContact } from './routing-protocol.ts';
import { BUCKET_SIZE, closestOf, RoutingTable } from './routing-table.ts';
import type { RoutedPeer } from './routing-table.ts';

/** A whole lookup ends here: somebody waits for it. */
const LOOKUP_MILLISECONDS = 10_000;
/** So long nobody asks again who has just not answered, while there are others: half the members may have gone at once. */
const GONE_MILLISECONDS = 30_000;

/** Members of which it is remembered where they were. */
const MAX_MET = 1_000;

/** How the router asks members. */
export interface MemberAsker {
  /**
   * Asks a member over a connection on which it proved to be this DID: one that is open, else one to any of the peers.
   * @param onImpostor told of a peer that proved to be another member
   * @throws NetworkError as `NetworkHost.request`
   */
  ask<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    to: { readonly did: string; readonly peers: readonly RoutedPeer[]; readonly onImpostor?: (peerId: string) => void },
    request: z.infer<Request>,
    signal?: AbortSignal,
  ): Promise<z.infer<Response>>;
}

/** What {@link Router} works with. */
export interface RouterOptions {
  readonly ownDid: string;
  readonly asker: MemberAsker;
  readonly observer: Observer;
  readonly lookups: LookupRecorder;
  /** Whether a DID is, as far as we know, that of a member that stands. */
  readonly isMember: (did: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Our own Kademlia: its nodes are members, not their peers. Keeps the table, answers from it, and looks up. */
export class Router implements Routing {
  readonly table: RoutingTable;
  private readonly own: Contact;
  private readonly patience = new Patience();
  /** Those that could not be reached, or did not answer at all. */
  private readonly gone: Fading;
  /** Those that have kept a lookup waiting. */
  private readonly slow: Fading;
  /** Where members were when they proved themselves last, in the table or not. */
  private readonly met = new BoundedCache<{ readonly peer: RoutedPeer; readonly address: string }>({ entries: MAX_MET });
  private readonly listeners = new Set<() => void>();
  private readonly liveness: LivenessChecks;
  private readonly maintenance: Maintenance;
  private stopped = AbortSignal.abort();

  constructor(private readonly options: RouterOptions) {
    this.table = new RoutingTable(options.ownDid);
    this.gone = new Fading(GONE_MILLISECONDS, options.clock);
    this.slow = new Fading(GONE_MILLISECONDS, options.clock);
    this.own = { did: options.ownDid, nodeId: this.table.ownId };
    this.liveness = new LivenessChecks((did) => this.isAlive(did));
    this.maintenance = new Maintenance({ router: this, table: this.table, clock: options.clock, logger: options.logger });
  }

  /** Answers the protocols of this part. */
  register(server: Pick<MessageServer, 'handle'>): void {
    server.handle(PING_PROTOCOL, (_request, from) => {
      this.heardFrom(from.did);
      return Promise.resolve({});
    });
    server.handle(CLOSEST_PROTOCOL, ({ target }, from) => {
      this.heardFrom(from.did);
      return Promise.resolve({ contacts: this.contactsFor(target, from.did) });
    });
  }

  /** Keeps the table in order until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.stopped = signal;
    await this.maintenance.run(signal);
  }

  nearest(target: Uint8Array, count: number): Contact[] {
    const { isMember } = this.options;
    const nearest = closestOf<Contact>(target, [this.own, ...this.table.members()], count, (contact) => contact === this.own || isMember(contact.did));
    return nearest.map(({ did, nodeId }) => ({ did, nodeId }));
  }

  async lookup(target: Uint8Array, { count = BUCKET_SIZE, signal }: { readonly count?: number; readonly signal?: AbortSignal } = {}): Promise<LookupResult> {
    const { clock, lookups } = this.options;
    const started = clock.now().getTime();
    const limit = AbortSignal.timeout(LOOKUP_MILLISECONDS);
    const lookup = new Lookup({
      own: this.own,
      target,
      count,
      start: this.table.nearest(target, BUCKET_SIZE, ({ did }) => this.options.isMember(did)),
      network: {
        ask: (candidate, place, until) => this.askForCloser(candidate, place, until),
        patience: () => this.patience.milliseconds,
        gaveUp: (did) => this.gaveUp(did),
        isShunned: (did) => this.options.observer.isShunned(did) || this.slow.has(did),
        isGone: (did) => this.gone.has(did),
      },
      clock,
      signal: AbortSignal.any([limit, ...(signal === undefined ? [] : [signal])]),
    });
    const result = await lookup.run();
    lookups.lookup({ failed: !result.complete, hops: result.hops, milliseconds: clock.now().getTime() - started });
    return result;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * A member has proven itself on a connection, and takes part in the DHT.
   * @param address the multiaddr of the connection
   */
  proven(did: string, peer: RoutedPeer, address: string): void {
    this.met.set(did, { peer, address });
    this.gone.delete(did);
    this.slow.delete(did);
    const added = this.table.add(did, peer, addressGroup(address), this.options.clock.now());
    if (added.kind === 'waits') this.check(added.oldest.did);
    else if (added.isNew) this.changed();
  }

  /** Looks up those around us: we have met somebody whom we had lost, or who knows others. */
  explore(): void {
    this.maintenance.explore();
  }

  /** A member has no connection with us any more: whether it has gone, a ping says. */
  doubt(did: string): void {
    if (this.table.get(did) !== undefined) this.check(did);
  }

  /** A peer is none of a member any more. */
  remove(did: string, peerId: string): void {
    this.met.delete(did);
    if (this.table.removePeer(did, peerId)) this.changed();
  }

  /** Looks whether the members that were not heard from since are still there, and takes out those that are not. */
  async checkIdle(since: Date): Promise<void> {
    const idle = this.table.members().filter(({ seenAt }) => seenAt < since);
    await Promise.all(idle.map(({ did }) => this.liveness.check(did)));
  }

  private contactsFor(target: Uint8Array, asker: string): NamedContact[] {
    const { isMember } = this.options;
    const nearest = this.table.nearest(target, BUCKET_SIZE, ({ did }) => did !== asker && isMember(did));
    return nearest.flatMap(({ did, peers: [peer] }) => (peer === undefined ? [] : [{ did, peerId: peer.peerId, addresses: [...peer.addresses] }]));
  }

  /** A member has answered or asked: if it was taken for gone, it was too busy, and its connection may be the same still. */
  private heardFrom(did: string): void {
    const { clock, isMember } = this.options;
    this.gone.delete(did);
    this.slow.delete(did);
    const met = this.met.get(did);
    if (this.table.get(did) !== undefined) this.table.answered(did, clock.now());
    else if (met !== undefined && isMember(did)) this.proven(did, met.peer, met.address);
  }

  private check(did: string): void {
    if (!this.stopped.aborted) void this.liveness.check(did);
  }

  /** A ping; whoever does not answer it leaves the table. Never rejects. */
  private async isAlive(did: string): Promise<void> {
    const { clock, logger, asker } = this.options;
    const member = this.table.get(did);
    if (member === undefined) return;
    try {
      await asker.ask(PING_PROTOCOL, { did, peers: member.peers }, {}, this.stopped);
      this.table.answered(did, clock.now());
    } catch (error) {
      if (!(error instanceof NetworkError)) {
        if (!this.stopped.aborted) logger.warn('ping-failed', { did }, error);
        return;
      }
      // It has proven itself meanwhile.
      if ((this.table.get(did)?.seenAt ?? member.seenAt) > member.seenAt) return;
      this.gone.add(did);
      if (this.table.remove(did)) this.changed();
    }
  }

  private async askForCloser(candidate: Candidate, target: Uint8Array, signal: AbortSignal): Promise<NamedContact[]> {
    const { clock, observer, asker } = this.options;
    const { did } = candidate;
    const started = clock.now().getTime();
    const onImpostor = (peerId: string): void => {
      for (const hint of candidate.hints) if (hint.peerId === peerId) observer.observe(hint.namedBy, { kind: 'broken-promise' });
    };
    try {
      const peers = [...(this.table.get(did)?.peers ?? []), ...candidate.hints];
      const { contacts } = await asker.ask(CLOSEST_PROTOCOL, { did, peers, onImpostor }, { target }, signal);
      const elapsed = clock.now().getTime() - started;
      this.patience.answered(elapsed);
      this.heardFrom(did);
      return this.wellFormed(did, contacts);
    } catch (error) {
      const isSlow = signal.aborted && clock.now().getTime() - started >= this.patience.milliseconds;
      if (isSlow) observer.observe(did, { kind: 'timeout' });
      if (isSlow || isAbsence(error)) {
        this.gone.add(did);
        this.doubt(did);
      }
      throw error;
    }
  }

  /** A contact whose addresses are not its peer's is not what we asked for. */
  private wellFormed(from: string, contacts: readonly NamedContact[]): NamedContact[] {
    const good = contacts.filter(({ addresses, peerId }) => addresses.every((address) => isAddressOf(peerId, address)));
    const dids = new Set(good.map(({ did }) => did));
    if (good.length < contacts.length || dids.size < good.length) this.options.observer.observe(from, { kind: 'malformed' });
    return good;
  }

  /** It may be gone, or we are busy: a ping tells, and until then it is asked after all others. */
  private gaveUp(did: string): void {
    this.slow.add(did);
    this.doubt(did);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof NetworkError && (error.code === 'UNREACHABLE' || error.code === 'TIMEOUT');
}

function isAddressOf(peerId: string, address: string): boolean {
  try {
    return multiaddr(address).getComponents().findLast(({ name }) => name === 'p2p')?.value === peerId;
  } catch {
    // No multiaddr at all.
    return false;
  }
}
