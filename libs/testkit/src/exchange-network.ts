import { decodeWire, encodeWire } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { NetworkError } from '@carecord/network';
import type { Member, MessageHandler, MessageProtocol, NetworkHost } from '@carecord/network';
import type { z } from 'zod';

type AnyHandler = (request: unknown, from: Member) => Promise<unknown>;

/** What went over a stream, as bytes, and when the answer left. */
export interface Exchanged {
  readonly protocol: string;
  readonly from: string;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
  readonly answeredAt: Date;
}

/** Streams between members and one DHT, in memory, for the tests beside this file. */
export class TestNetwork {
  readonly exchanged: Exchanged[] = [];
  /** DIDs that cannot be reached. */
  readonly unreachable = new Set<string>();
  /** Changes what a protocol's answers say on their way. */
  readonly tamper = new Map<string, (answer: unknown) => unknown>();
  private readonly members = new Map<string, Member>();
  private readonly handlers = new Map<string, AnyHandler>();
  private readonly values = new Map<string, Uint8Array>();

  constructor(private readonly clock: Clock) {}

  join(member: Member): NetworkHost {
    this.members.set(member.did, member);
    return this.hostOf(member);
  }

  /** What another member's handler answers to a request that is sent as it is, over a connection of `from`. */
  async send(protocol: MessageProtocol<z.ZodType, z.ZodType>, from: Member, to: string, request: unknown): Promise<unknown> {
    const handler = this.handlers.get(`${to} ${protocol.name}`);
    if (handler === undefined || this.unreachable.has(to)) throw new NetworkError('UNREACHABLE', 'Nobody is there.');
    const sent = encodeWire(protocol.request, request);
    const answer = await handler(decodeWire(protocol.request, sent, protocol.maxRequestBytes), from).catch((cause: unknown) => {
      throw new NetworkError('REMOTE_REFUSED', 'The handler failed.', { cause, remoteCode: 'INTERNAL' });
    });
    const encoded = encodeWire(protocol.response, this.tamper.get(protocol.name)?.(answer) ?? answer);
    this.exchanged.push({ protocol: protocol.name, from: from.did, request: sent, answer: encoded, answeredAt: this.clock.now() });
    return decodeWire(protocol.response, encoded, protocol.maxResponseBytes);
  }

  /** The exchanges of one protocol, oldest first. */
  of(protocol: string): Exchanged[] {
    return this.exchanged.filter((exchange) => exchange.protocol === protocol);
  }

  private hostOf(member: Member): NetworkHost {
    const notHere = (): never => {
      throw new Error('Not a part of this network.');
    };
    return {
      peerId: member.peerId,
      did: member.did,
      addresses: () => [],
      routingTableSize: () => this.members.size,
      members: () => [...this.members.values()],
      connect: notHere,
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      announceIdentity: notHere,
      announceStatus: notHere,
      refreshStatusLists: notHere,
      findHistory: notHere,
      memberByDid: (did) => Promise.resolve(this.unreachable.has(did) ? undefined : this.members.get(did)),
      knownMember: (did) => Promise.resolve(this.members.get(did)),
      handle: <Request extends z.ZodType, Response extends z.ZodType>(
        protocol: MessageProtocol<Request, Response>,
        handler: MessageHandler<Request, Response>,
      ) => {
        this.handlers.set(`${member.did} ${protocol.name}`, handler as AnyHandler);
      },
      request: async <Request extends z.ZodType, Response extends z.ZodType>(
        protocol: MessageProtocol<Request, Response>,
        to: string,
        request: z.infer<Request>,
      ) => (await this.send(protocol, this.members.get(member.did) ?? member, to, request)) as z.infer<Response>,
      put: (kind, key, value) => {
        this.values.set(`${kind.namespace}/${Buffer.from(key).toString('hex')}`, value);
        return Promise.resolve({ stored: this.members.size });
      },
      get: (kind, key) => Promise.resolve(this.values.get(`${kind.namespace}/${Buffer.from(key).toString('hex')}`)),
      getAll: (kind, key) => {
        const value = this.values.get(`${kind.namespace}/${Buffer.from(key).toString('hex')}`);
        return Promise.resolve({ values: value === undefined ? [] : [{ value }], complete: true });
      },
      publish: (entries) => {
        for (const { kind, key, value } of entries) this.values.set(`${kind.namespace}/${Buffer.from(key).toString('hex')}`, value);
        return Promise.resolve(entries.map(() => ({ stored: this.members.size, occupied: 0, refused: 0, unreached: 0 })));
      },
      readAll: (places) =>
        Promise.resolve(
          places.map(({ kind, key }) => {
            const value = this.values.get(`${kind.namespace}/${Buffer.from(key).toString('hex')}`);
            return { values: value === undefined ? [] : [{ value }], complete: true };
          }),
        ),
      findMembers: notHere,
      findProviders: notHere,
      peers: notHere,
      statistics: notHere,
      repair: notHere,
    };
  }
}
