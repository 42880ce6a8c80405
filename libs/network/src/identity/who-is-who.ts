import type { GeneralJws } from '@carecord/crypto';
import type { DidHistory } from '@carecord/identity';
import { every } from '../every.ts';
import type { MemberRegistry } from '../host/member-registry.ts';
import type { MessageServer } from '../messages/message-server.ts';
import type { Member, NetworkHost, NetworkHostOptions, Told } from '../ports.ts';
import { HistoryExchange } from './history-exchange.ts';
import { UNSIGNED_PROTOCOLS } from './peers.ts';
import type { Peers } from './peers.ts';
import { StandingGuard } from './standing-guard.ts';
import { StatusGossip } from './status-gossip.ts';
import { StatusListsInDht } from './status-lists-in-dht.ts';

/** How often those are told our newest version whom no announcement has reached. */
const TELL_AGAIN_MILLISECONDS = 10_000;
/** A question or an answer waits no longer for its member to learn of our newest keys: most have done so long before. */
const TELL_FIRST_MILLISECONDS = 3_000;

/** What {@link WhoIsWho} is put together from. */
export interface WhoIsWhoOptions extends Pick<NetworkHostOptions, 'clock' | 'histories' | 'local' | 'logger' | 'statuses' | 'trust'> {
  readonly registry: MemberRegistry;
  readonly peers: Peers;
  readonly host: Pick<NetworkHost, 'get' | 'put'>;
  readonly cutOff: (fallen: Member) => void;
}

/** Keeps true on open connections what their handshakes have proven: the members' keys, and that they are members at all. */
export class WhoIsWho {
  private readonly histories: HistoryExchange;
  private readonly gossip: StatusGossip;
  private readonly guard: StandingGuard;
  private readonly statusLists: StatusListsInDht;

  constructor(private readonly options: WhoIsWhoOptions) {
    this.histories = new HistoryExchange(options);
    this.gossip = new StatusGossip(options);
    this.guard = new StandingGuard(options);
    this.statusLists = new StatusListsInDht({ ...options, members: () => options.peers.connected() });
  }

  /** Answers the protocols of this part. */
  register(server: Pick<MessageServer, 'handle'>): void {
    this.histories.register(server);
    this.gossip.register(server);
  }

  /** Acts upon newer status lists from now on. */
  start(): void {
    // First: whoever was removed is not passed the list that says so.
    this.guard.start();
    this.gossip.start();
  }

  /** Acts upon nothing any more. */
  stop(): void {
    this.guard.stop();
    this.gossip.stop();
  }

  /** Does what has to be done at intervals, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.allSettled([this.guard.run(signal), this.gossip.run(signal), this.statusLists.run(signal), this.keepTold(signal)]);
  }

  /** A handshake has shown a peer this version of our DID. */
  shown(peerId: string, versionNumber: number): void {
    this.histories.shown(peerId, versionNumber);
  }

  /** A peer has no connection any more. */
  gone(peerId: string): void {
    this.histories.gone(peerId);
  }

  /** To be awaited before a peer is sent anything that our newest keys may have signed. Never rejects. */
  async tellFirst(peerId: string, protocol: string): Promise<void> {
    if (!UNSIGNED_PROTOCOLS.some((start) => protocol.startsWith(start))) await this.histories.tell(peerId, AbortSignal.timeout(TELL_FIRST_MILLISECONDS));
  }

  announceIdentity(history?: DidHistory): Promise<Told> {
    return this.histories.announce(history);
  }

  findHistory(did: string): Promise<DidHistory | undefined> {
    return this.histories.find(did);
  }

  async announceStatus(list: GeneralJws): Promise<Told> {
    const told = await this.gossip.announce(list);
    // It may take long, and it is for those who are not here now.
    this.statusLists.refresh().catch((error: unknown) => this.options.logger.warn('status-lists-not-refreshed', {}, error));
    return told;
  }

  async refreshStatusLists(): Promise<boolean> {
    const foundAtMembers = await this.gossip.ask();
    return (await this.statusLists.refresh()) || foundAtMembers;
  }

  private keepTold(signal: AbortSignal): Promise<void> {
    const { clock, peers } = this.options;
    return every(TELL_AGAIN_MILLISECONDS, clock, signal, () => Promise.all(peers.connected().map(({ peerId }) => this.histories.tell(peerId))));
  }
}
