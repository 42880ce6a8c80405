import { errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { IdentityError } from '@carecord/identity';
import type { DidHistories, DidHistory, LocalIdentity, ResolvedDid } from '@carecord/identity';
import { orAborted } from '../abort.ts';
import type { MemberRegistry } from '../host/member-registry.ts';
import type { MessageServer } from '../messages/message-server.ts';
import { NetworkError } from '../network-error.ts';
import type { Member, Told } from '../ports.ts';
import { HISTORY_PROTOCOL, MAX_HISTORIES_BYTES } from './history-protocol.ts';
import type { HistoryAnswer } from './history-protocol.ts';
import { someOf, tellEach } from './peers.ts';
import type { Peers } from './peers.ts';

/**
 * An announcement ends here, whoever has not answered. Until its end the old keys are in use, and no new connection comes about with a
 * peer that has heard of the new ones: it takes the older version for a step back. Most answer within a tenth of a second; who does not
 * is still being told meanwhile, or again ten seconds later and before we next speak with it.
 */
const ANNOUNCE_MILLISECONDS = 2_000;
/** Members asked for a history beside the one whose it is: one may lag behind or be gone. */
const ASKED_MEMBERS = 4;

/** What {@link HistoryExchange} works with. */
export interface HistoryExchangeOptions {
  readonly local: LocalIdentity;
  readonly histories: Pick<DidHistories, 'accept' | 'known' | 'verify'>;
  readonly registry: Pick<MemberRegistry, 'renew'>;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the members' DIDs up to date over open connections: tells our own new versions, takes theirs, answers what is known here. */
export class HistoryExchange {
  /** The number of our own newest version that each connected peer has seen. */
  private readonly seenByPeer = new Map<string, number>();
  private readonly telling = new Map<string, Promise<boolean>>();
  private announced: ResolvedDid | undefined;

  constructor(private readonly options: HistoryExchangeOptions) {}

  /** Answers the protocol. */
  register(server: Pick<MessageServer, 'handle'>): void {
    server.handle(HISTORY_PROTOCOL, async (request, from): Promise<HistoryAnswer> => {
      if (request.kind === 'ask') return { kind: 'known', histories: await this.knownOf(request.dids) };
      await this.take(request.history, from);
      return { kind: 'taken' };
    });
  }

  /** A handshake has shown a peer this version of ours. */
  shown(peerId: string, versionNumber: number): void {
    this.seenByPeer.set(peerId, versionNumber);
  }

  /** The peer has gone: its next handshake shows it what is new. */
  gone(peerId: string): void {
    this.seenByPeer.delete(peerId);
  }

  /** See `NetworkHost.announceIdentity`. */
  async announce(history: DidHistory = this.options.local.current().resolved.log): Promise<Told> {
    const { clock, histories, local, logger, peers } = this.options;
    const resolved = await histories.accept(local.did, history);
    if (this.announced === undefined || this.announced.versionNumber < resolved.versionNumber) this.announced = resolved;
    const [late, done] = [new AbortController(), new AbortController()];
    // Rejects when all have answered before.
    clock.sleepUntil(later(clock.now(), ANNOUNCE_MILLISECONDS), done.signal).then(() => late.abort(), () => undefined);
    const result = await tellEach(peers.connected().map(({ peerId }) => peerId), (peerId) => this.tell(peerId, late.signal));
    done.abort();
    logger.info('identity-announced', { versionId: resolved.versionId, ...result });
    return result;
  }

  /**
   * Tells a peer our newest version unless it has seen it: to be awaited before anything is sent that the newest keys may have signed.
   * Never rejects.
   * @param signal ends the waiting; what is on its way to the peer still reaches it
   * @returns whether the peer knows our newest version now
   */
  async tell(peerId: string, signal?: AbortSignal): Promise<boolean> {
    const newest = this.newest();
    if ((this.seenByPeer.get(peerId) ?? 0) >= newest.versionNumber) return true;
    if (signal?.aborted === true) return false;
    const key = `${peerId} ${newest.versionNumber}`;
    const telling = this.telling.get(key) ?? this.send(peerId, newest).finally(() => this.telling.delete(key));
    this.telling.set(key, telling);
    return orAborted(telling, signal).catch(() => false);
  }

  /** See `NetworkHost.findHistory`. The member itself is asked first; others only when it is not connected, or does not answer. */
  async find(did: string): Promise<DidHistory | undefined> {
    const connected = this.options.peers.connected().filter((member) => member.did !== this.options.local.did);
    const own = connected.filter((member) => member.did === did);
    const others = connected.filter((member) => member.did !== did);
    return newestOf(await this.askEach(own, did)) ?? newestOf(await this.askEach(someOf(others, ASKED_MEMBERS), did));
  }

  /** Between the announcement of a version and its first use it is the announced one that counts. */
  private newest(): ResolvedDid {
    const { resolved } = this.options.local.current();
    return this.announced !== undefined && this.announced.versionNumber > resolved.versionNumber ? this.announced : resolved;
  }

  private async send(peerId: string, { log, versionNumber }: ResolvedDid): Promise<boolean> {
    try {
      await this.options.peers.ask(HISTORY_PROTOCOL, peerId, { kind: 'announce', history: log });
    } catch (error) {
      const older = error instanceof NetworkError && error.remoteCode === 'DID_VERSION_OLDER';
      // It has seen a newer one, from another replica of ours.
      if (!older) {
        this.options.logger.warn('identity-not-told', { peer: peerId, code: errorCodeOf(error) });
        return false;
      }
    }
    this.seenByPeer.set(peerId, Math.max(versionNumber, this.seenByPeer.get(peerId) ?? 0));
    return true;
  }

  /** Only of the DID that the sender proved: nobody speaks for another. */
  private async take(history: DidHistory, from: Member): Promise<void> {
    const resolved = await this.options.histories.accept(from.did, history);
    this.options.registry.renew(resolved);
    this.options.logger.info('member-identity-renewed', { did: from.did, versionId: resolved.versionId });
  }

  private async knownOf(dids: readonly string[]): Promise<{ did: string; history: DidHistory }[]> {
    const found: { did: string; history: DidHistory }[] = [];
    let room = MAX_HISTORIES_BYTES;
    for (const did of new Set(dids)) {
      const history = did === this.options.local.did ? this.newest().log : (await this.options.histories.known(did))?.log;
      const size = history === undefined ? 0 : Buffer.byteLength(history, 'utf8');
      if (history === undefined || size > room) continue;
      room -= size;
      found.push({ did, history });
    }
    return found;
  }

  private async askEach(members: readonly Member[], did: string): Promise<ResolvedDid[]> {
    const answers = await Promise.all(members.map(({ peerId }) => this.askOne(peerId, did)));
    return answers.filter((answer) => answer !== undefined);
  }

  /** What a peer says is verified at once: one that lies must not hide what the others know. */
  private async askOne(peerId: string, did: string): Promise<ResolvedDid | undefined> {
    try {
      const answer = await this.options.peers.ask(HISTORY_PROTOCOL, peerId, { kind: 'ask', dids: [did] });
      const history = answer.kind === 'known' ? answer.histories.find((known) => known.did === did)?.history : undefined;
      return history === undefined ? undefined : await this.options.histories.verify(did, history);
    } catch (error) {
      if (!(error instanceof NetworkError) && !(error instanceof IdentityError)) throw error;
      this.options.logger.debug('history-not-given', { peer: peerId, code: error.code });
      return undefined;
    }
  }
}

function newestOf(found: readonly ResolvedDid[]): DidHistory | undefined {
  return found.reduce<ResolvedDid | undefined>((best, next) => (best === undefined || next.versionNumber > best.versionNumber ? next : best), undefined)?.log;
}
