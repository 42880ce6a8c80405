import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { generalJwsSchema, signJws } from '@carecord/crypto';
import { verifyJwsWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { MemoryDidHistoryStore } from '../../../testkit/src/memory/did-history-store.ts';
import { admitForTest, makeTestIdentity, makeTestNetwork, makeTestNode, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { NetworkCounters } from '../health/network-counters.ts';
import { Reputations } from '../health/reputations.ts';
import type { HostParts } from '../host/carecord-host.ts';
import { ask } from '../messages/message-client.ts';
import type { MessageProtocol } from '../ports.ts';
import { MAX_VALUE_BYTES } from '../values/value-rules.ts';
import { HISTORY_PROTOCOL } from './history-protocol.ts';

const ROTATIONS = 20;

/** A signed question, a signed answer: what the exchange does. */
const signedProtocol = {
  name: '/carecord/test/signed/1',
  request: generalJwsSchema,
  response: generalJwsSchema,
  maxRequestBytes: 32_000,
  maxResponseBytes: 32_000,
  timeoutMilliseconds: 20_000,
  rate: { burst: 10_000, perSecond: 10_000 },
  refusalCodes: ['JWS_INVALID'],
} as const satisfies MessageProtocol<typeof generalJwsSchema, typeof generalJwsSchema>;

const sign = ({ identity }: { identity: LocalIdentity }, text: string): ReturnType<typeof signJws> => {
  const { resolved, signer } = identity.current();
  return signJws(signer, 'test+jws', resolved.signingKeyIds, Buffer.from(text));
};

function serve(node: TestNode): void {
  node.host.handle(signedProtocol, async (jws, from) => {
    const { payload } = await verifyJwsWithAnyKey(from.resolved.acceptedSigning, 'test+jws', jws);
    return sign(node, `${Buffer.from(payload).toString()} to you too`);
  });
}

async function exchange(from: TestNode, to: TestNode): Promise<string> {
  const answer = await from.host.request(signedProtocol, to.resolved.did, await sign(from, 'hello'));
  const holder = await from.host.memberByDid(to.resolved.did);
  const { payload } = await verifyJwsWithAnyKey(holder?.resolved.acceptedSigning ?? [], 'test+jws', answer);
  return Buffer.from(payload).toString();
}

const versionAt = (at: TestNode, of: TestNode): number | undefined => at.host.members().find(({ did }) => did === of.resolved.did)?.resolved.versionNumber;

describe('keys that rotate while their hospital is connected', () => {
  let network: TestNetwork;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  const more: TestNode[] = [];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 3 });
    [a, b, c] = network.hospitals as [TestNode, TestNode, TestNode];
    for (const node of network.hospitals) serve(node);
  });
  afterEach(async () => {
    for (const { host } of more.splice(0)) await host.stop();
  });
  afterAll(() => network.stop());

  it('are known to all peers before they are used', async () => {
    expect(await a.rotate()).toEqual({ told: 2, failed: 0 });
    expect([versionAt(b, a), versionAt(c, a)]).toEqual([2, 2]);
    expect((await c.host.knownMember(a.resolved.did))?.resolved.signing).toEqual(a.resolved.signing);
    expect(await exchange(a, b)).toBe('hello to you too');
    expect(await exchange(b, a)).toBe('hello to you too');
  });

  it('lose no request in either direction, however often they do', async () => {
    let rotating = true;
    const counts = { fromA: 0, toA: 0 };
    const loop = async (count: keyof typeof counts, one: () => Promise<string>): Promise<void> => {
      while (rotating) {
        expect(await one()).toBe('hello to you too');
        counts[count] += 1;
      }
    };
    const loops = [loop('fromA', () => exchange(a, b)), loop('toA', () => exchange(b, a)), loop('fromA', () => exchange(a, c))];
    const before = a.resolved.versionNumber;
    try {
      for (let rotation = 0; rotation < ROTATIONS; rotation += 1) expect(await a.rotate()).toEqual({ told: 2, failed: 0 });
    } finally {
      rotating = false;
    }
    await Promise.all(loops);
    expect(a.resolved.versionNumber).toBe(before + ROTATIONS);
    expect(counts.fromA).toBeGreaterThanOrEqual(ROTATIONS);
    expect(counts.toA).toBeGreaterThanOrEqual(ROTATIONS / 2);
  });

  it('are told to a peer that missed them before it is asked, and before it is answered', async () => {
    // Nobody is told: as if every announcement had got lost.
    await b.keys.rotate();
    const missed = versionAt(c, b) ?? 0;
    expect(b.resolved.versionNumber).toBe(missed + 1);
    expect(await exchange(b, c)).toBe('hello to you too');
    expect(versionAt(c, b)).toBe(missed + 1);
    await b.keys.rotate();
    expect(await exchange(c, b)).toBe('hello to you too');
    expect(versionAt(c, b)).toBe(missed + 2);
  });

  it('that were replaced at once count no more from that moment on', async () => {
    const stolen = c.identity.current();
    await c.rotate({ keepPrevious: false });
    expect(await exchange(c, b)).toBe('hello to you too');
    const forged = await signJws(stolen.signer, 'test+jws', stolen.resolved.signingKeyIds, Buffer.from('hello'));
    await expect(c.host.request(signedProtocol, b.resolved.did, forged)).rejects.toMatchObject({ remoteCode: 'JWS_INVALID' });
  });

  it('are announced by their hospital alone, and never go back', async () => {
    const watch = { observer: new Reputations(systemClock), counters: new NetworkCounters(), clock: systemClock };
    const askB = (history: string): Promise<unknown> =>
      ask(HISTORY_PROTOCOL, { kind: 'announce', history }, { ...watch, did: b.resolved.did, connect: () => Promise.resolve(connectionOf(a, b)) });
    const [own, other] = [a.resolved, c.resolved];
    await expect(askB(other.log)).rejects.toMatchObject({ remoteCode: 'DID_LOG_INVALID' });
    await a.rotate();
    await expect(askB(own.log)).rejects.toMatchObject({ remoteCode: 'DID_VERSION_OLDER' });
    await expect(askB('nonsense')).rejects.toMatchObject({ remoteCode: 'DID_LOG_INVALID' });
    await expect(askB(a.resolved.log)).resolves.toEqual({ kind: 'taken' });
    expect([versionAt(b, a), versionAt(b, c)]).toEqual([own.versionNumber + 1, other.versionNumber]);
  });

  it('are refused on reconnecting with an older version of the DID than is remembered', async () => {
    const keys = await makeTestIdentity('returning');
    const before = await admitForTest(keys, network.authorities);
    const startAs = async (local: typeof before): Promise<TestNode> => {
      const node = await makeTestNode(keys, local, network.authorities);
      // The host of a restored backup: it believes that the old version is the present one.
      node.identity.current = () => local;
      await node.host.start();
      more.push(node);
      return node;
    };
    await keys.rotate();
    const now = await startAs(await admitForTest(keys, network.authorities));
    await now.host.connect(b.host.addresses()[0] ?? '');
    await now.host.stop();
    await waitUntil(() => b.host.members().every(({ did }) => did !== keys.did));
    const restored = await startAs(before);
    await expect(restored.host.connect(b.host.addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(b.host.members().every(({ did }) => did !== keys.did)).toBe(true);
  });

  it('are found by others: of who is connected, of who is not, and of nobody', async () => {
    expect(await b.host.findHistory(a.resolved.did)).toBe(a.resolved.log);
    const keys = await makeTestIdentity('elsewhere');
    expect(await b.host.findHistory(keys.did)).toBeUndefined();
    await c.histories.accept(keys.did, keys.resolved.log);
    expect(await b.host.findHistory(keys.did)).toBe(keys.resolved.log);
    expect((await b.histories.resolve(keys.did)).versionId).toBe(keys.resolved.versionId);
  });

  it('make a history too long for an advert: it is found all the same, by a member that knows neither', async () => {
    const keys = await makeTestIdentity('long');
    const startNode = async (of: typeof keys): Promise<TestNode> => {
      const node = await makeTestNode(of, await admitForTest(of, network.authorities), network.authorities, { bootstrap: [b.host.addresses()[0] ?? ''], didHistories: new MemoryDidHistoryStore() });
      serve(node);
      await node.host.start();
      more.push(node);
      return node;
    };
    while (keys.resolved.log.length < MAX_VALUE_BYTES) await keys.rotate();
    const long = await startNode(keys);
    await waitUntil(async () => (await b.host.knownMember(keys.did)) !== undefined && long.host.routingTableSize() > 0);
    const newcomer = await startNode(await makeTestIdentity('newcomer'));
    await waitUntil(() => newcomer.host.members().length > 0);
    expect((await newcomer.host.knownMember(keys.did))?.resolved.signing).toEqual(keys.resolved.signing);
    expect(await exchange(newcomer, long)).toBe('hello to you too');
  });
});

describe('two replicas of one hospital', () => {
  it('connect with each other, speak for it alike, and are not asked by it', async () => {
    const network = await makeTestNetwork({ hospitals: 2 });
    const [a, b] = network.hospitals as [TestNode, TestNode];
    const replica = await makeTestNode(a.keys, a.local, network.authorities, { peerSeed: new Uint8Array(32).fill(9) });
    for (const node of [a, b, replica]) serve(node);
    try {
      await replica.host.start();
      expect(await replica.host.connect(a.host.addresses()[0] ?? '')).toMatchObject({ did: a.resolved.did, peerId: a.host.peerId });
      await replica.host.connect(b.host.addresses()[0] ?? '');
      expect(a.host.members().map(({ peerId }) => peerId)).toContain(replica.host.peerId);
      for (const one of [a, replica]) {
        await expect(one.host.request(signedProtocol, a.resolved.did, await sign(one, 'hello'))).rejects.toMatchObject({ code: 'UNREACHABLE' });
        expect(await one.host.memberByDid(a.resolved.did)).toBeUndefined();
        expect(await exchange(one, b)).toBe('hello to you too');
      }
      // The other replica is told as everybody else is.
      expect(await a.rotate()).toEqual({ told: 2, failed: 0 });
      expect(await exchange(replica, b)).toBe('hello to you too');
    } finally {
      await replica.host.stop();
      await network.stop();
    }
  });
});

/** The connection under two hosts, to send what a well-behaved host would not. */
function connectionOf(from: TestNode, to: TestNode) {
  const { node } = (from.host as unknown as { parts: HostParts }).parts;
  const connection = node.getConnections().find(({ remotePeer }) => remotePeer.toString() === to.host.peerId);
  if (connection === undefined) throw new Error('The hosts are not connected.');
  return connection;
}
