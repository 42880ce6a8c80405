import { decodeWire, encodeWire, silentLogger } from '@carecord/core';
import type { z } from 'zod';
import { orAborted } from '../abort.ts';
import { MemoryDhtValueStore } from '../../../testkit/src/memory/dht-value-store.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { Observation } from '../health/ports.ts';
import { NetworkError } from '../network-error.ts';
import type { DhtEntry, DhtValueKind, DhtValueMeta, Member, MessageHandler, MessageProtocol, NetworkHost } from '../ports.ts';
import { compareDistance, nodeIdOf } from '../routing/node-id.ts';
import type { Contact, Routing } from '../routing/ports.ts';
import { ValueNetwork } from './value-network.ts';
import type { ReadPatience } from './value-reader.ts';
import { ValueRules } from './value-rules.ts';

export const HOUR = 60 * 60 * 1000;
/** So long that a busy machine changes nothing of what a test finds. */
const LONG_PATIENCE: ReadPatience = { endMilliseconds: 60_000, hedgeMilliseconds: 20_000 };

type AnyHandler = MessageHandler<z.ZodType, z.ZodType>;

/** A member of a network without connections: what it is asked arrives as bytes all the same. */
export interface TestMember {
  readonly did: string;
  readonly values: ValueNetwork;
  readonly store: MemoryDhtValueStore;
  readonly rules: ValueRules;
  readonly ask: NetworkHost['request'];
  readonly routing: Routing;
  readonly observations: (Observation & { readonly did: string })[];
  readonly dropped: string[];
  /** By protocol name; a test puts a liar in the place of one. */
  readonly handlers: Map<string, AnyHandler>;
  /** `silent`: never answers; `gone`: cannot be reached, and lookups do not find it. */
  state: 'up' | 'silent' | 'gone';
}

/** A kind whose values are `owner:sequence:hours`, and whatever after it. */
export function noteKind(clock: ManualClock, changes: Partial<DhtValueKind> = {}): DhtValueKind {
  const start = clock.now().getTime();
  return {
    namespace: 'note',
    maxBytes: 10_000,
    validate: (_key, value): Promise<DhtValueMeta> => {
      const [owner = '', sequence, hours = '1'] = Buffer.from(value).toString().split(':');
      if (owner === 'bad') return Promise.reject(new Error('Not a note.'));
      return Promise.resolve({ owner, sequence: Number(sequence), expiresAt: new Date(start + Number(hours) * HOUR) });
    },
    ...changes,
  };
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const textOf = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

/** A note to be published. */
export function note(key: string, value: string, attachment?: Uint8Array): DhtEntry {
  return { kind: { namespace: 'note' }, key: text(key), value: text(value), ...(attachment && { attachment }) };
}

/** Members who know each other, and the messages between them. */
export class TestMembers {
  readonly clock = new ManualClock();
  readonly members: TestMember[] = [];
  readonly messages: { readonly protocol: string; readonly from: string; readonly to: string; readonly bytes: number }[] = [];
  lookups = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    count: number,
    private readonly options: { readonly replication?: number; readonly kinds?: (clock: ManualClock) => DhtValueKind[]; readonly readPatience?: ReadPatience } = {},
  ) {
    for (let at = 0; at < count; at++) this.add(`did:example:m${at}`);
  }

  add(did: string): TestMember {
    const { clock } = this;
    const store = new MemoryDhtValueStore();
    const rules = new ValueRules((this.options.kinds ?? ((clock_) => [noteKind(clock_)]))(clock), clock);
    const observations: TestMember['observations'] = [];
    const dropped: string[] = [];
    const routing = this.makeRouting();
    const ask = ((protocol, to, request, options) => this.ask(did, protocol, to, request, options?.signal)) as NetworkHost['request'];
    const values = new ValueNetwork({
      routing,
      ask,
      rules,
      store,
      ownDid: did,
      replication: this.options.replication ?? 5,
      observer: { observe: (whom, observation) => observations.push({ did: whom, ...observation }), reputation: () => 1, isShunned: () => false },
      counters: { message: () => undefined, dropped: (reason) => dropped.push(reason) },
      clock,
      logger: silentLogger,
      random: () => 0.5,
      readPatience: this.options.readPatience ?? LONG_PATIENCE,
    });
    const member: TestMember = { did, values, store, rules, ask, routing, observations, dropped, handlers: new Map(), state: 'up' };
    values.register({ handle: (protocol, handler) => void member.handlers.set(protocol.name, handler as unknown as AnyHandler) });
    this.members.push(member);
    this.changed();
    return member;
  }

  /** Takes members away for good. */
  kill(...members: readonly TestMember[]): void {
    for (const member of members) member.state = 'gone';
    this.changed();
  }

  /** Members that have a note in their store now, whatever it says. */
  async holders(key: string): Promise<TestMember[]> {
    const held = await Promise.all(this.members.map(({ store }) => store.read([{ namespace: 'note', key: text(key) }], this.clock.now())));
    return this.members.filter((_, at) => (held[at]?.length ?? 0) > 0);
  }

  /** The members closest to where a note stands, those that are gone left out. */
  responsible(key: string, count = this.options.replication ?? 5): TestMember[] {
    const [first] = this.members;
    const placement = first?.rules.placement({ namespace: 'note', key: text(key) }) ?? text('');
    return this.nearest(placement, count).map(({ did }) => this.member(did));
  }

  /** The member that was added as the so many-th, from 0. */
  at(index: number): TestMember {
    return this.members[index] as TestMember;
  }

  member(did: string): TestMember {
    return this.members.find((member) => member.did === did) as TestMember;
  }

  private makeRouting(): Routing {
    return {
      nearest: (target, count) => this.nearest(target, count),
      lookup: (target, { count = 20, signal } = {}) => {
        this.lookups += 1;
        if (signal?.aborted) return Promise.reject(signal.reason as Error);
        const contacts = this.nearest(target, count).filter(({ did }) => this.member(did).state === 'up');
        return Promise.resolve({ contacts, complete: true, hops: 1, queries: contacts.length });
      },
      onChange: (listener) => {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
      },
    };
  }

  private nearest(target: Uint8Array, count: number): Contact[] {
    return this.members
      .filter(({ state }) => state !== 'gone')
      .map(({ did }) => ({ did, nodeId: nodeIdOf(did) }))
      .sort((one, other) => compareDistance(target, one.nodeId, other.nodeId))
      .slice(0, count);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private async ask(from: string, protocol: MessageProtocol<z.ZodType, z.ZodType>, to: string, request: unknown, signal?: AbortSignal): Promise<unknown> {
    const encoded = encodeWire(protocol.request, request);
    if (encoded.length > protocol.maxRequestBytes) throw new NetworkError('REQUEST_TOO_LARGE', 'Too large.');
    this.messages.push({ protocol: protocol.name, from, to, bytes: encoded.length });
    const member = this.member(to);
    if (member.state === 'gone') throw new NetworkError('UNREACHABLE', 'Gone.');
    if (member.state === 'silent') {
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    }
    const handler = member.handlers.get(protocol.name);
    if (handler === undefined) throw new NetworkError('UNREACHABLE', 'Not taken.');
    const answering = handler(decodeWire(protocol.request, encoded, protocol.maxRequestBytes), { did: from } as Member);
    const answer = encodeWire(protocol.response, await orAborted(answering, signal));
    if (answer.length > protocol.maxResponseBytes) throw new Error('The answer is too large.');
    return decodeWire(protocol.response, answer, protocol.maxResponseBytes);
  }
}
