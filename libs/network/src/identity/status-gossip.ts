import { canonicalJsonBytes, errorCodeOf, toHex } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { IdentityError, readStatusList } from '@carecord/identity';
import type { StatusBook } from '@carecord/identity';
import { every } from '../every.ts';
import type { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type { Told } from '../ports.ts';
import { someOf, tellEach } from './peers.ts';
import type { Peers } from './peers.ts';
import { MAX_STATUS_LISTS, MAX_STATUS_LISTS_BYTES, STATUS_PROTOCOL } from './status-protocol.ts';
import type { StatusAnswer } from './status-protocol.ts';

/** How often some members are asked whether they know newer lists: should a message get lost, a removal still arrives within a minute. */
const ASK_MILLISECONDS = 20_000;
/** Members asked at a time. */
const ASKED_MEMBERS = 3;
/** Forwarding one list ends here, whoever has not answered. */
const FORWARD_MILLISECONDS = 15_000;

/** What {@link StatusGossip} works with. */
export interface StatusGossipOptions {
  readonly statuses: Pick<StatusBook, 'lists' | 'offer' | 'onChange'>;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Passes status lists on from member to member, so that a removal reaches everybody although the authority is connected to few.
 * Whatever brings a newer list (a push, a handshake, the DHT, the node itself) puts it into the status book; each list that is new
 * there is passed on once, to all connected peers but the one that it came from.
 */
export class StatusGossip {
  /** Lists that were passed on, or were there before we started: by the hash of the JWS. */
  private readonly passedOn = new Set<string>();
  private readonly forwarding = new Map<string, Promise<Told>>();
  /** Who is giving us a list at this moment. */
  private readonly givers = new Map<string, string>();
  private stopListening: () => void = () => undefined;

  constructor(private readonly options: StatusGossipOptions) {}

  /** Answers the protocol. */
  register(server: Pick<MessageServer, 'handle'>): void {
    server.handle(STATUS_PROTOCOL, async (request, from): Promise<StatusAnswer> => {
      if (request.kind === 'ask') return { kind: 'lists', lists: this.newerThan(request.have) };
      return { kind: 'taken', newer: await this.takeFrom(from.peerId, request.list) };
    });
  }

  /** From now on passes on what is new in the status book. */
  start(): void {
    this.stopListening();
    for (const list of this.options.statuses.lists()) this.passedOn.add(hashOf(list));
    this.stopListening = this.options.statuses.onChange(() => this.passOnNewer());
  }

  /** Passes on nothing more. */
  stop(): void {
    this.stopListening();
  }

  /** See `NetworkHost.announceStatus`. */
  async announce(list: GeneralJws): Promise<Told> {
    const hash = hashOf(list);
    await this.options.statuses.offer(list);
    const isCurrent = this.options.statuses.lists().some((current) => hashOf(current) === hash);
    // An older one than we have helps nobody.
    if (!isCurrent) return { told: 0, failed: 0 };
    return this.forwarding.get(hash) ?? this.forward(hash, list);
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
      if (this.passedOn.has(hash)) continue;
      void this.forward(hash, list);
    }
  }

  private async forward(hash: string, list: GeneralJws): Promise<Told> {
    this.remember(hash);
    const giver = this.givers.get(hash);
    const { logger, peers } = this.options;
    const signal = AbortSignal.timeout(FORWARD_MILLISECONDS);
    const to = peers.connected().map(({ peerId }) => peerId).filter((peerId) => peerId !== giver);
    const forwarding = tellEach(to, (peerId) => this.push(peerId, list, signal)).finally(() => this.forwarding.delete(hash));
    this.forwarding.set(hash, forwarding);
    const result = await forwarding;
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
