import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWire, encodeWire, later, systemClock } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import type { DhtEntry } from '@carecord/network';
import { CLOSEST_PROTOCOL, PING_PROTOCOL } from '../../libs/network/src/routing/routing-protocol.ts';
import { READ_PROTOCOL } from '../../libs/network/src/values/read-protocol.ts';
import { encodeOutcomes, STORE_PROTOCOL } from '../../libs/network/src/values/store-protocol.ts';
import { admitForTest, makeTestIdentity, makeTestNetwork, makeTestNode, waitUntil } from '../../libs/testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../libs/testkit/src/network-fixture.ts';
import { heapInUse } from '../support/fuzz/heap.ts';
import { makeNote, noteKey, noteKind } from '../support/network-process/note.ts';
import { answerOf, RawPeer } from '../support/raw-peer.ts';

const TIMEOUT = 120_000;
const HOUR_MILLISECONDS = 60 * 60 * 1000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
/** The part of what others read that they get while somebody floods. */
const SERVED_MEANWHILE = 0.9;
const VALUES = 60;
/** What a flood of 20,000 frames may leave in memory. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024;

/** Members that are genuine, with software that is not. Each test has a liar of its own; `a` publishes and `b` reads as they should. */
describe('a member that misbehaves', () => {
  let network: TestNetwork;
  let honest: { readonly publisher: TestNode; readonly reader: TestNode };
  const liars: TestNode[] = [];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 10, valueKinds: [noteKind] });
    const [publisher, reader, ...others] = network.hospitals;
    if (publisher === undefined || reader === undefined) throw new Error('There are two.');
    honest = { publisher, reader };
    liars.push(...others);
  }, TIMEOUT);
  afterAll(async () => {
    await network.stop();
  });

  const nextLiar = (): RawPeer => {
    const liar = liars.shift();
    if (liar === undefined) throw new Error('All others have lied already.');
    return new RawPeer(liar);
  };
  const tomorrow = (): Date => later(systemClock.now(), DAY_MILLISECONDS);
  const notes = (prefix: string): DhtEntry[] => Array.from({ length: VALUES }, (_, at) => makeNote(`${prefix} ${at}`, tomorrow()));
  const standingOf = (liar: RawPeer, at: TestNode): number => at.host.peers().find(({ did }) => did === liar.member.resolved.did)?.reputation ?? Number.NaN;
  const droppedAt = async ({ host }: TestNode): Promise<ReadonlyMap<string, number>> => new Map((await host.statistics()).dropped.map(({ reason, count }) => [reason, count]));
  /** Runs the attack; by how much each reason was counted more at the victim. */
  const countedDuring = async (victim: TestNode, attack: () => Promise<unknown>): Promise<Record<string, number>> => {
    const before = await droppedAt(victim);
    await attack();
    const changes = [...(await droppedAt(victim))].map(([reason, count]): [string, number] => [reason, count - (before.get(reason) ?? 0)]);
    return Object.fromEntries(changes.filter(([, count]) => count !== 0));
  };
  const readAll = async (entries: readonly DhtEntry[]): Promise<number> => {
    const found = await honest.reader.host.readAll(entries);
    return found.filter(({ values }, at) => values.some(({ value }) => Buffer.compare(value, entries[at]?.value ?? Buffer.alloc(0)) === 0)).length;
  };
  const publish = async (entries: readonly DhtEntry[]): Promise<number> => Math.min(...(await honest.publisher.host.publish(entries)).map(({ stored }) => stored));
  /** The rest of the network still works. */
  const expectTheRestGoesOn = async (): Promise<void> => {
    const entries = notes(`the rest ${liars.length}`);
    await publish(entries);
    expect(await readAll(entries)).toBe(VALUES);
  };

  it('sends oversized, truncated and malformed frames: refused with a code, counted, held against it', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const before = standingOf(liar, victim);
    const counted = await countedDuring(victim, async () => {
      expect(await liar.send(victim, PING_PROTOCOL, new Uint8Array(PING_PROTOCOL.maxRequestBytes + 1))).toBe('REQUEST_TOO_LARGE');
      expect(await liar.send(victim, PING_PROTOCOL, Uint8Array.of(0xff))).toBe('REQUEST_MALFORMED');
      expect(await liar.send(victim, CLOSEST_PROTOCOL, encodeWire(PING_PROTOCOL.request, {}))).toBe('REQUEST_MALFORMED');
      // Says that a gigabyte follows.
      expect(await liar.sendUnframed(victim, CLOSEST_PROTOCOL, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 1, 2, 3))).toBe('REQUEST_TOO_LARGE');
      // Says that eight bytes follow, and sends three.
      expect(await liar.sendUnframed(victim, CLOSEST_PROTOCOL, Uint8Array.of(8, 1, 2, 3))).toBe('REQUEST_MALFORMED');
    });
    expect(counted).toEqual({ REQUEST_TOO_LARGE: 2, REQUEST_MALFORMED: 3 });
    expect(standingOf(liar, victim)).toBeLessThan(before / 2);
    await expectTheRestGoesOn();
  }, TIMEOUT);

  it('floods: what is over its rate is refused and counted, memory stays bounded, and others are served meanwhile', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const frame = encodeWire(PING_PROTOCOL.request, {});
    const [before, heap] = [standingOf(liar, victim), await heapInUse()];
    const fates = new Map<string, number>();
    const counted = await countedDuring(victim, async () => {
      const pings = Array.from({ length: 20 }, async () => {
        for (let sent = 0; sent < 100; sent += 1) {
          const fate = await liar.send(victim, PING_PROTOCOL, frame);
          fates.set(fate, (fates.get(fate) ?? 0) + 1);
        }
      });
      const entries = notes('during the flood');
      await publish(entries);
      // The flood comes from the same process: on a busy machine a read may end before its last answer.
      expect(await readAll(entries)).toBeGreaterThanOrEqual(VALUES * SERVED_MEANWHILE);
      await Promise.all(pings);
    });
    expect(fates.get('answered') ?? 0).toBeLessThan(2_000 / 2);
    expect(counted['RATE_LIMITED']).toBe(fates.get('RATE_LIMITED'));
    expect(counted['RATE_LIMITED']).toBeGreaterThan(1_000);
    expect(standingOf(liar, victim)).toBeLessThan(before / 2);
    expect((await heapInUse()) - heap).toBeLessThan(MAX_GROWTH_BYTES);
  }, TIMEOUT);

  it('opens streams and says nothing: it has so many and no more, and others are served meanwhile', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const streams = await Promise.allSettled(Array.from({ length: 300 }, () => liar.open(victim, READ_PROTOCOL.name)));
    await expectTheRestGoesOn();
    const open = streams.filter(({ status }) => status === 'fulfilled').length;
    expect(open).toBeLessThanOrEqual(300);
    for (const stream of streams) if (stream.status === 'fulfilled') stream.value.abort(new Error('DONE'));
    await expectTheRestGoesOn();
  }, TIMEOUT);

  it('answers garbage: its answers are dropped and counted, it is held against it, and lookups end with what others say', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const before = standingOf(liar, victim);
    await liar.answer(CLOSEST_PROTOCOL, () => new Uint8Array(64).fill(0x9f));
    await liar.answer(READ_PROTOCOL, () => new Uint8Array(64).fill(0x9f));
    const counted = await countedDuring(victim, expectTheRestGoesOn);
    expect(counted['RESPONSE_INVALID']).toBeGreaterThan(0);
    expect(standingOf(liar, victim)).toBeLessThan(before);
  }, TIMEOUT);

  it('lies about who is close: those whom it invents, or gives its own address, are in no routing table and no result', async () => {
    const [liar, victim] = [nextLiar(), honest.publisher];
    const before = standingOf(liar, victim);
    const { peerId } = liar.member.host;
    const invented = Array.from({ length: 20 }, (_, at) => ({ did: `did:webvh:Qm${'x'.repeat(44)}:invented-${at}.hospital.example`, peerId, addresses: liar.member.host.addresses().slice(0, 1) }));
    await liar.answer(CLOSEST_PROTOCOL, () => answerOf(CLOSEST_PROTOCOL, { contacts: invented }));
    await expectTheRestGoesOn();
    const known = new Set(network.hospitals.map(({ resolved }) => resolved.did));
    expect(victim.host.peers().filter(({ did }) => !known.has(did))).toEqual([]);
    expect(standingOf(liar, victim)).toBeLessThan(before);
  }, TIMEOUT);

  it('says that it keeps what it throws away, and withholds what it has: the values are found at the other storers', async () => {
    const liar = nextLiar();
    const had = notes('withheld');
    expect(await publish(had)).toBe(5);
    await liar.answer(READ_PROTOCOL, () => answerOf(READ_PROTOCOL, { attachments: [], values: [], left: [] }));
    await liar.answer(STORE_PROTOCOL, (request) => {
      const { values } = decodeWire(STORE_PROTOCOL.request, request, STORE_PROTOCOL.maxRequestBytes);
      return answerOf(STORE_PROTOCOL, { outcomes: encodeOutcomes(values.map(() => 'stored')) });
    });
    const thrownAway = notes('thrown away');
    expect(await publish(thrownAway)).toBe(5);
    expect(await readAll(had)).toBe(VALUES);
    expect(await readAll(thrownAway)).toBe(VALUES);
  }, TIMEOUT);

  it('gives old values and invalid ones: readers have the newest valid one, and hold the invalid ones against it', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const before = standingOf(liar, victim);
    const texts = Array.from({ length: VALUES }, (_, at) => `old ${at}`);
    const old = texts.map((text) => makeNote(text, later(systemClock.now(), HOUR_MILLISECONDS)));
    const newest = texts.map((text) => makeNote(text, tomorrow()));
    await publish(old);
    await publish(newest);
    await liar.answer(READ_PROTOCOL, (request) => {
      const { places } = decodeWire(READ_PROTOCOL.request, request, READ_PROTOCOL.maxRequestBytes);
      const values = places.flatMap((place, at) => {
        if (!('key' in place)) return [];
        const stale = old.find(({ key }) => Buffer.compare(key, place.key) === 0)?.value;
        return [{ place: at, key: place.key, value: at % 2 === 0 && stale !== undefined ? stale : Uint8Array.of(1) }];
      });
      return answerOf(READ_PROTOCOL, { attachments: [], values, left: [] });
    });
    const counted = await countedDuring(victim, async () => expect(await readAll(newest)).toBe(VALUES));
    expect(counted['VALUE_REFUSED']).toBeGreaterThan(0);
    expect(standingOf(liar, victim)).toBeLessThan(before);
  }, TIMEOUT);

  it('sends values that must not be: each is refused, counted, and held against it; a replayed old one changes nothing', async () => {
    const [liar, victim] = [nextLiar(), honest.reader];
    const before = standingOf(liar, victim);
    const store = async (entry: { readonly namespace?: string; readonly key: Uint8Array; readonly value: Uint8Array }): Promise<string> => {
      const { namespace = noteKind.namespace, key, value } = entry;
      return liar.send(victim, STORE_PROTOCOL, encodeWire(STORE_PROTOCOL.request, { role: 'publisher', attachments: [], values: [{ kind: namespace, key, value }] }));
    };
    const inAYear = makeNote('in a year', later(systemClock.now(), 365 * DAY_MILLISECONDS));
    const good = makeNote('good', tomorrow());
    const bad = [
      { namespace: 'unheard-of', key: good.key, value: good.value },
      { key: noteKey('another'), value: good.value },
      { key: good.key, value: good.value.slice(0, -1) },
      { key: good.key, value: Buffer.concat([good.value, new Uint8Array(512)]) },
      { namespace: 'reference', key: good.key, value: good.value },
      { namespace: 'advert', key: sha256(new TextEncoder().encode(honest.publisher.resolved.did)), value: good.value },
      { namespace: 'status-list', key: good.key, value: good.value },
      inAYear,
    ];
    const counted = await countedDuring(victim, async () => {
      for (const entry of bad) expect(await store(entry)).toBe('answered');
    });
    // Those who lied before still do.
    expect(counted['VALUE_REFUSED']).toBeGreaterThanOrEqual(bad.length);
    const kept = await victim.values.read(bad.map((entry) => ({ namespace: 'namespace' in entry ? (entry.namespace ?? noteKind.namespace) : noteKind.namespace, key: entry.key })), systemClock.now());
    expect(kept.filter(({ value }) => bad.some((entry) => Buffer.compare(entry.value, value) === 0))).toEqual([]);
    expect(standingOf(liar, victim)).toBeLessThan(before / 2);
  }, TIMEOUT);

  it('is of another network, or of none: it gets no connection, and why is counted', async () => {
    const victim = honest.reader;
    const identity = await makeTestIdentity('foreign', systemClock);
    const [authority] = network.authorities;
    if (authority === undefined) throw new Error('There is an authority.');
    const foreign = await makeTestNode(identity, await admitForTest(identity, authority, { networkId: 'another-network' }), authority, { valueKinds: [noteKind] });
    await foreign.host.start();
    await expect(foreign.host.connect(victim.host.addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    const refused = async (): Promise<readonly string[]> => (await victim.host.statistics()).handshakes.refused.map(({ reason }) => reason);
    await waitUntil(async () => (await refused()).includes('HANDSHAKE_WRONG_NETWORK'));
    await foreign.host.stop();
    await expectTheRestGoesOn();
  }, TIMEOUT);
});
