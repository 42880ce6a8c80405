import { canonicalJsonBytes, errorCodeOf, RateLimiter, toHex } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { IdentityError, readStatusList } from '@carecord/identity';
import type { NetworkTrust, StatusBook } from '@carecord/identity';
import { every } from '../every.ts';
import type { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type { Told } from '../ports.ts';
import { Pace } from './pace.ts';
import { someOf, tellEach } from './peers.ts';
import type { Peers } from './peers.ts';
import { MAX_STATUS_LISTS, MAX_STATUS_LISTS_BYTES, PUSHES_OF_ONE_AUTHORITY, STATUS_PROTOCOL } from './status-protocol.ts';
import type { StatusAnswer } from './status-protocol.ts';

/** How often some members are asked whether they know newer lists: should a message get lost, a removal still arrives within a minute. */
const ASK_MILLISECONDS = 20_000;
/** Members asked at a time. */
const ASKED_MEMBERS = 3;
/**
 * Of one authority a list is passed on no more often: one that issues a list every millisecond, by mistake or in bad faith, shall not
 * keep the network busy. What it issues meanwhile is in the newest, which follows at the end of this time.
 */
const PASS_ON_MILLISECONDS = 3_000;
/** Forwarding one list ends here, whoever has not answered. */
const FORWARD_MILLISECONDS = 15_000;

/** What {@link StatusGossip} works with. */
export interface StatusGossipOptions {
  readonly statuses: Pick<StatusBook, 'lists' | 'offer' | 'onChange'>;
  readonly trust: Pick<NetworkTrust, 'authorities'>;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Passes status lists on from member to member, so that a removal reaches everybody although the authority is connected to few.
 * Whatever brings a newer list (a push, a handshake, the DHT, the node itself) puts it into the status book; each list that is new
 * there is passed on once, to all connected peers but the one that it came from. Each authority has a pace and a budget of its own:
 * the lists of one delay no other's.
 */
export class StatusGossip {
  /** Lists that were passed on, or were there before we started: by the hash of the JWS. */
  private readonly passedOn = new Set<string>();
  /** By the hash of the JWS; a list that a newer one overtakes shares its fate. */
  private readonly forwarding = new Map<string, Promise<Told>>();
  /** Who is giving us a list at this moment. */
  private readonly givers = new Map<string, string>();
  private readonly pace: Pace<Told>;
  private readonly pushes: RateLimiter;
  private stopListening: () => void = () => undefined;
  private stopping = new AbortController();

  constructor(private readonly options: StatusGossipOptions) {
    this.pace = new Pace(PASS_ON_MILLISECONDS, options.clock);
    this.pushes = new RateLimiter(PUSHES_OF_ONE_AUTHORITY, options.clock);
  }

  /** Answers the protocol. */
  register(server: Pick<MessageServer, 'handle'>): void {
    server.handle(STATUS_PROTOCOL, async (request, from): Promise<StatusAnswer> => {
      if (request.kind === 'ask') return { kind: 'lists', lists: this.newerThan(request.have) };
      this.chargePush(from.did, request.list);
      return { kind: 'taken', newer: await this.takeFrom(from.peerId, request.list) };
    });
  }

  /** From now on passes on what is new in the status book. */
  start(): void {
    this.stop();
    this.stopping = new AbortController();
    for (const list of this.options.statuses.lists()) this.passedOn.add(hashOf(list));
    this.stopListening = this.options.statuses.onChange(() => this.passOnNewer());
  }

  /** Passes on nothing more. */
  stop(): void {
    this.stopListening();
    this.stopping.abort(new Error('STOPPING'));
  }

  /** See `NetworkHost.announceStatus`. */
  async announce(list: GeneralJws): Promise<Told> {
    const hash = hashOf(list);
    await this.options.statuses.offer(list);
    const isCurrent = this.options.statuses.lists().some((current) => hashOf(current) === hash);
    // An older one than we have helps nobody.
    if (!isCurrent) return { told: 0, failed: 0 };
    return this.forwarding.get(hash) ?? this.passOn(hash, list);
  }

  /**
   * Asks some members for newer lists.
   * @returns whether there was one
   */
  async ask(): Promise<boolean> {
    const have = this.options.statuses.lists().map((list) => ({ authority: readStatusList(list).issuer, issuedAt: readStatusList(list).validFrom.getTime() }));
    const asked = someOf(this.options.peers.connected(), ASKED_MEMBERS);
    const found = await Promise.all(asked.map(({ peerId }) => this.askOne(peerId, have)));
    return found.includes(true);
  }

  /** Asks at intervals until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return every(ASK_MILLISECONDS, this.options.clock, signal, () => this.ask());
  }

  private passOnNewer(): void {
    for (const list of this.options.statuses.lists()) {
      const hash = hashOf(list);
      if (!this.passedOn.has(hash)) void this.passOn(hash, list);
    }
  }

  /** At its authority's turn. Never rejects. */
  private async passOn(hash: string, list: GeneralJws): Promise<Told> {
    this.remember(hash);
    const giver = this.givers.get(hash);
    const forwarding = this.pace
      .run(readStatusList(list).issuer, () => this.forward(list, giver), this.stopping.signal)
      .catch((error: unknown) => {
        // Mostly because nothing is passed on any more: peers hear of it when they ask.
        this.options.logger.debug('status-list-not-passed-on', { code: errorCodeOf(error) });
        return { told: 0, failed: 0 };
      })
      .finally(() => this.forwarding.delete(hash));
    this.forwarding.set(hash, forwarding);
    return await forwarding;
  }

  private async forward(list: GeneralJws, giver: string | undefined): Promise<Told> {
    const { logger, peers } = this.options;
    const signal = AbortSignal.timeout(FORWARD_MILLISECONDS);
    const to = peers.connected().map(({ peerId }) => peerId).filter((peerId) => peerId !== giver);
    const result = await tellEach(to, (peerId) => this.push(peerId, list, signal));
    logger.info('status-list-passed-on', { ...result });
    return result;
  }

  /** Only the current lists matter: what is older is not in the book, and so never comes up again. */
  private remember(hash: string): void {
    const current = new Set(this.options.statuses.lists().map(hashOf));
    for (const known of this.passedOn) if (!current.has(known)) this.passedOn.delete(known);
    this.passedOn.add(hash);
  }

  private async push(peerId: string, list: GeneralJws, signal: AbortSignal): Promise<boolean> {
    try {
      await this.options.peers.ask(STATUS_PROTOCOL, peerId, { kind: 'push', list }, signal);
      return true;
    } catch (error) {
      this.options.logger.debug('status-list-not-taken', { peer: peerId, code: errorCodeOf(error) });
      return false;
    }
  }

  private async askOne(peerId: string, have: { authority: string; issuedAt: number }[]): Promise<boolean> {
    try {
      const answer = await this.options.peers.ask(STATUS_PROTOCOL, peerId, { kind: 'ask', have });
      let newer = false;
      for (const list of answer.kind === 'lists' ? answer.lists : []) newer = (await this.takeFrom(peerId, list)) || newer;
      return newer;
    } catch (error) {
      if (!(error instanceof NetworkError) && !(error instanceof IdentityError)) throw error;
      this.options.logger.debug('status-lists-not-given', { peer: peerId, code: error.code });
      return false;
    }
  }

  /** A member that passes on too many of one authority's lists can still pass on another's: that one's may say who was removed. */
  private chargePush(fromDid: string, list: GeneralJws): void {
    const { issuer } = readStatusList(list);
    // What issuers a member makes up have one budget together.
    const authority = this.options.trust.authorities().some(({ did }) => did === issuer) ? issuer : '';
    if (!this.pushes.take(`${fromDid} ${authority}`)) throw new NetworkError('TOO_MANY_LISTS', 'A member passes on the lists of one authority too often.');
  }

  private async takeFrom(peerId: string, list: GeneralJws): Promise<boolean> {
    const hash = hashOf(list);
    this.givers.set(hash, peerId);
    try {
      return await this.options.statuses.offer(list);
    } finally {
      this.givers.delete(hash);
    }
  }

  private newerThan(have: readonly { readonly authority: string; readonly issuedAt: number }[]): GeneralJws[] {
    let room = MAX_STATUS_LISTS_BYTES;
    return this.options.statuses.lists().slice(0, MAX_STATUS_LISTS).filter((list) => {
      const { issuer, validFrom } = readStatusList(list);
      const theirs = have.find(({ authority }) => authority === issuer);
      if (theirs !== undefined && theirs.issuedAt >= validFrom.getTime()) return false;
      room -= canonicalJsonBytes(list).length;
      return room >= 0;
    });
  }
}

/** Names this very JWS: the same list signed twice is two. */
function hashOf({ payload, signatures }: GeneralJws): string {
  return toHex(sha256(canonicalJsonBytes({ payload, signatures })));
}
