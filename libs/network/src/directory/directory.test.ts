import type { Libp2p } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryDatastore } from 'datastore-core';
import { contentIdOf } from '@carecord/crypto';
import { z } from 'zod';
import { admitForTest, makeTestAuthority, makeTestIdentity, makeTestNode, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority, TestIdentity, TestNode } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { MessageProtocol } from '../ports.ts';
import { ADVERT, advertKey, makeAdvert } from '../values/advert.ts';
import { publishReference } from '../values/reference.ts';

const who = {
  name: '/carecord/test/who/1',
  request: z.strictObject({}),
  response: z.strictObject({ you: z.string() }),
  maxRequestBytes: 100,
  maxResponseBytes: 1_000,
  timeoutMilliseconds: 8_000,
  rate: { burst: 100, perSecond: 100 },
} satisfies MessageProtocol<z.ZodType, z.ZodType>;

describe('finding members', () => {
  const clock = new ManualClock(new Date());
  let authority: TestAuthority;
  let hub: TestNode;
  let running: TestNode[] = [];

  async function startNode(identity: TestIdentity, options: { bootstrap?: string[]; datastore?: MemoryDatastore } = {}): Promise<TestNode> {
    const node = await makeTestNode(identity, await admitForTest(identity, authority), authority, { clock, ...options });
    node.host.handle(who, (_request, from) => Promise.resolve({ you: from.did }));
    await node.host.start();
    running.push(node);
    return node;
  }

  beforeEach(async () => {
    authority = await makeTestAuthority('authority', clock);
    hub = await startNode(authority.identity);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ host }) => host.stop()));
    running = [];
  });

  const hubAddress = (): string => hub.host.addresses()[0] ?? '';
  const isConnected = (one: TestNode, other: TestNode): boolean => one.host.members().some(({ did }) => did === other.resolved.did);
  const knows = async (one: TestNode, other: TestNode): Promise<boolean> => (await one.host.get(ADVERT, advertKey(other.resolved.did))) !== undefined;

  /** Whether it is in the own store, and not only to be found. */
  const keepsAdvertOf = async (one: TestNode, other: TestNode): Promise<boolean> =>
    (await one.values.read([{ namespace: ADVERT.namespace, key: advertKey(other.resolved.did) }], clock.now())).length > 0;

  it('a member that is connected to a third alone is found by its advert and dialled', async () => {
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => knows(hub, a));
    const b = await startNode(await makeTestIdentity('b', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => isConnected(b, hub));
    expect(await b.host.request(who, a.resolved.did, {})).toEqual({ you: b.resolved.did });
    expect(isConnected(b, a)).toBe(true);
    expect(await a.host.memberByDid(b.resolved.did)).toMatchObject({ did: b.resolved.did, name: 'Hospital b', peerId: b.host.peerId, roles: ['hospital'] });
  });

  it('a member that is gone is still known by its advert, to a member that never met it, without a dial', async () => {
    const gone = await startNode(await makeTestIdentity('gone', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => keepsAdvertOf(hub, gone));
    await gone.host.stop();
    running = running.filter((node) => node !== gone);
    await waitUntil(() => hub.host.routingTableSize() === 0);
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => isConnected(a, hub));
    const dial = jest.spyOn((a.host as unknown as { parts: { node: Libp2p } }).parts.node, 'dial');
    const known = await a.host.knownMember(gone.resolved.did);
    expect(known).toMatchObject({ did: gone.resolved.did, name: 'Hospital gone', roles: ['hospital'], resolved: { signing: gone.resolved.signing } });
    expect(await a.host.knownMember('did:webvh:x:nobody.example')).toBeUndefined();
    expect(dial).not.toHaveBeenCalled();
    expect(await a.host.memberByDid(gone.resolved.did)).toBeUndefined();
    expect(dial).toHaveBeenCalled();
  });

  it('a reference is taken by a storer to which its holder has proven itself, and believed by who knows the holder', async () => {
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [hubAddress()] });
    const b = await startNode(await makeTestIdentity('b', clock), { bootstrap: [hubAddress()] });
    await waitUntil(async () => isConnected(b, hub) && (await keepsAdvertOf(hub, a)));
    const contentId = contentIdOf(new Uint8Array(1));
    const publication = { contentId, identity: a.identity, sequence: 1, expiresAt: new Date(clock.now().getTime() + 60_000) };
    expect((await publishReference(a.host, publication)).stored).toBeGreaterThanOrEqual(2);
    expect(await b.host.knownMember(a.resolved.did)).toMatchObject({ did: a.resolved.did });
    expect(await b.host.findProviders(contentId)).toEqual([a.resolved.did]);
  });

  it('many questions to one that has to be dialled first lead to one connection', async () => {
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => knows(hub, a));
    const answers = await Promise.all(Array.from({ length: 10 }, () => hub.host.request(who, a.resolved.did, {})));
    expect(answers).toHaveLength(10);
    expect((hub.host as unknown as { parts: { node: Libp2p } }).parts.node.getConnections()).toHaveLength(1);
  });

  it('a member that lives where another one advertised is not taken for it', async () => {
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [hubAddress()] });
    await waitUntil(() => isConnected(a, hub));
    // An old PeerId and address, which the hub has now: what a stale or lying advert looks like.
    const gone = await makeTestIdentity('gone', clock);
    const local = await admitForTest(gone, authority);
    const place = { peerId: hub.host.peerId, addresses: hub.host.addresses(), advertisedAt: clock.now(), sequence: 1, expiresAt: new Date(clock.now().getTime() + 60_000) };
    await hub.host.put(ADVERT, advertKey(gone.resolved.did), await makeAdvert(local, place));
    await expect(a.host.request(who, gone.resolved.did, {})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(await a.host.memberByDid(gone.resolved.did)).toBeUndefined();
  });

  it('a member that has stopped is not reached, and is again when it is back', async () => {
    const identity = await makeTestIdentity('a', clock);
    const datastore = new MemoryDatastore();
    const a = await startNode(identity, { bootstrap: [hubAddress()], datastore });
    await waitUntil(() => knows(hub, a));
    await a.host.stop();
    running = running.filter((node) => node !== a);
    await waitUntil(() => !isConnected(hub, a) && hub.host.routingTableSize() === 0);
    await expect(hub.host.request(who, a.resolved.did, {})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    const back = await startNode(identity, { bootstrap: [hubAddress()], datastore });
    await waitUntil(() => isConnected(hub, back));
    expect(await hub.host.request(who, identity.resolved.did, {})).toEqual({ you: authority.did });
  });

  it('a node whose bootstrap address does not answer tries again, less and less often', async () => {
    const address = hubAddress();
    const port = address.split('/')[4];
    await hub.host.stop();
    running = [];
    const a = await startNode(await makeTestIdentity('a', clock), { bootstrap: [address] });
    expect(a.host.members()).toEqual([]);
    hub = await makeTestNode(authority.identity, await admitForTest(authority.identity, authority), authority, { clock, listen: [`/ip4/127.0.0.1/tcp/${port}`] });
    await hub.host.start();
    running.push(hub);
    await waitUntil(() => {
      clock.advance(100);
      return isConnected(a, hub);
    });
  });

  it('an address with another PeerId, of nobody, or that is none is unreachable', async () => {
    const a = await startNode(await makeTestIdentity('a', clock));
    const [transport] = hubAddress().split('/p2p/');
    await expect(a.host.connect(`${transport}/p2p/${a.host.peerId.slice(0, -3)}abc`)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(a.host.connect('/ip4/127.0.0.1/tcp/1')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(a.host.connect('nonsense')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(await a.host.connect(hubAddress())).toMatchObject({ did: authority.did });
  });
});
