import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import type { Libp2p } from '@libp2p/interface';
import { z } from 'zod';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNetworkOptions, TestNode } from '../../../testkit/src/network-fixture.ts';
import type { MessageProtocol } from '../ports.ts';
import { nodeIdOf } from '../routing/node-id.ts';
import type { Router } from '../routing/router.ts';

const HOUR = 60 * 60 * 1000;
const greeting = {
  name: '/carecord/test/greeting/1',
  request: z.strictObject({}),
  response: z.strictObject({ you: z.string() }),
  maxRequestBytes: 100,
  maxResponseBytes: 1_000,
  timeoutMilliseconds: 8_000,
  rate: { burst: 100, perSecond: 100 },
} satisfies MessageProtocol<z.ZodType, z.ZodType>;

describe('a membership that is taken back while its holder is connected', () => {
  let network: TestNetwork | undefined;
  afterEach(async () => {
    await network?.stop();
    network = undefined;
  });

  async function start(options: TestNetworkOptions): Promise<{ network: TestNetwork; hospitals: TestNode[] }> {
    network = await makeTestNetwork(options);
    for (const { host } of network.hospitals) host.handle(greeting, (_request, from) => Promise.resolve({ you: from.did }));
    return { network, hospitals: [...network.hospitals] };
  }

  const connectionsOf = ({ host }: TestNode): number => (host as unknown as { parts: { node: Libp2p } }).parts.node.getConnections().length;
  const knows = (one: TestNode, other: TestNode): boolean => one.host.members().some(({ did }) => did === other.resolved.did);

  it('closes its connections with every peer, though only one of them hears it from the authority', async () => {
    const made = await start({ hospitals: 4 });
    const [a, b, c, removed] = made.hospitals as [TestNode, TestNode, TestNode, TestNode];
    expect(removed.host.members()).toHaveLength(3);
    await made.network.revoke(removed.resolved.did, a);
    await waitUntil(() => connectionsOf(removed) === 0);
    for (const one of [a, b, c]) {
      expect(knows(one, removed)).toBe(false);
      expect(one.host.routingTableSize()).toBe(2);
      expect(one.host.peers().some(({ did }) => did === removed.resolved.did)).toBe(false);
      expect(await one.host.knownMember(removed.resolved.did)).toBeUndefined();
      await expect(one.host.request(greeting, removed.resolved.did, {})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    }
    await expect(removed.host.connect(b.host.addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(removed.host.request(greeting, c.resolved.did, {})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    // The others go on.
    expect(await a.host.request(greeting, b.resolved.did, {})).toEqual({ you: a.resolved.did });
    expect(await c.host.request(greeting, a.resolved.did, {})).toEqual({ you: c.resolved.did });
  });

  it('lets a suspended hospital in again when it is taken up again', async () => {
    const made = await start({ hospitals: 2 });
    const [a, b] = made.hospitals as [TestNode, TestNode];
    const [authority] = made.network.authorities;
    authority?.mark(b.resolved.did, { suspended: true });
    await a.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    await waitUntil(() => connectionsOf(b) === 0);
    await expect(b.host.connect(a.host.addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    authority?.mark(b.resolved.did, { suspended: false });
    await a.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    await b.host.connect(a.host.addresses()[0] ?? '');
    expect(await b.host.request(greeting, a.resolved.did, {})).toEqual({ you: b.resolved.did });
  });

  it('takes a suspended hospital out of every routing table, and nobody names it any more, though its connections were closed before', async () => {
    const made = await start({ hospitals: 5 });
    const suspended = made.hospitals[4] as TestNode;
    const others = made.hospitals.slice(0, 4);
    const { parts: { node }, router } = suspended.host as unknown as { parts: { node: Libp2p }; router: Router };
    await Promise.all(node.getConnections().map((connection) => connection.close()));
    // It has a place still where it answers to a ping.
    await waitUntil(() => others.every((one) => one.host.routingTableSize() === 4));
    const [authority] = made.network.authorities;
    authority?.mark(suspended.resolved.did, { suspended: true });
    await others[0]?.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    await waitUntil(() => others.every((one) => one.host.routingTableSize() === 3));
    const target = nodeIdOf(suspended.resolved.did);
    for (const { host } of others) {
      const { contacts } = await (host as unknown as { router: Router }).router.lookup(target);
      expect(contacts.map(({ did }) => did)).not.toContain(suspended.resolved.did);
    }
    expect((await router.lookup(target, { count: 5 })).contacts).toEqual([{ did: suspended.resolved.did, nodeId: target }]);
  });

  it('changes nothing as long as enough authorities stand by the hospital', async () => {
    const made = await start({ hospitals: 3, authorities: 3, threshold: 2 });
    const [a, b, c] = made.hospitals as [TestNode, TestNode, TestNode];
    const [first, second] = made.network.authorities;
    const revokedBy = async (authority = first): Promise<void> => {
      authority?.mark(c.resolved.did, { revoked: true });
      await a.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    };
    await revokedBy(first);
    expect(knows(b, c)).toBe(true);
    expect(await c.host.request(greeting, b.resolved.did, {})).toEqual({ you: c.resolved.did });
    await revokedBy(second);
    await waitUntil(() => connectionsOf(c) === 0);
    expect(knows(b, c)).toBe(false);
    expect(knows(b, a)).toBe(true);
  });

  it('is passed on once by every node, however they are connected, and an older list not at all', async () => {
    const passedOn: number[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (event, fields) => {
        if (event === 'status-list-passed-on') passedOn.push(Number(fields?.told) + Number(fields?.failed));
      },
    };
    const made = await start({ hospitals: 5, logger });
    const [a, b] = made.hospitals as [TestNode, TestNode];
    const [authority] = made.network.authorities;
    const older = await authority?.statusList();
    const list = await authority?.statusList();
    if (older === undefined || list === undefined) throw new Error('There is an authority.');
    expect(await a.host.announceStatus(list)).toEqual({ told: 4, failed: 0 });
    await waitUntil(() => passedOn.length === 5);
    // To each peer at the most but the one that it came from.
    expect(passedOn.sort()).toEqual([3, 3, 3, 3, 4]);
    expect(await b.host.announceStatus(older)).toEqual({ told: 0, failed: 0 });
    expect(await Promise.all(made.hospitals.map(({ host }) => host.refreshStatusLists()))).toEqual([false, false, false, false, false]);
    expect(passedOn).toHaveLength(5);
    for (const { statuses } of made.hospitals) expect(statuses.lists()).toEqual([list]);
  });

  it('closes every connection when the status lists are too old, and not while they are renewed', async () => {
    const clock = new ManualClock(new Date());
    const made = await start({ hospitals: 2, clock });
    const [a, b] = made.hospitals as [TestNode, TestNode];
    const [authority] = made.network.authorities;
    for (let hours = 0; hours < 48; hours += 12) {
      clock.advance(12 * HOUR);
      await a.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    }
    expect(await b.host.request(greeting, a.resolved.did, {})).toEqual({ you: b.resolved.did });
    clock.advance(23 * HOUR);
    expect(await b.host.request(greeting, a.resolved.did, {})).toEqual({ you: b.resolved.did });
    clock.advance(1.1 * HOUR);
    expect(a.host.members()).toEqual([]);
    await waitUntil(() => connectionsOf(a) === 0 && connectionsOf(b) === 0);
    await expect(b.host.connect(a.host.addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    // One of them hears from the authority again: it staples the list, and both stand.
    await a.host.announceStatus((await authority?.statusList()) ?? { payload: '', signatures: [] });
    await b.host.connect(a.host.addresses()[0] ?? '');
    expect(await a.host.request(greeting, b.resolved.did, {})).toEqual({ you: a.resolved.did });
  });

  it('is heard of by a hospital that missed it, from a member or from the DHT', async () => {
    const made = await start({ hospitals: 3 });
    const [a, b, c] = made.hospitals as [TestNode, TestNode, TestNode];
    const [authority] = made.network.authorities;
    const list = (await authority?.statusList()) ?? { payload: '', signatures: [] };
    // It is in a's book alone, as if every message about it had got lost.
    (a.host as unknown as { whoIsWho: { stop(): void } }).whoIsWho.stop();
    await a.statuses.offer(list);
    await waitUntil(() => b.host.refreshStatusLists());
    expect(b.statuses.lists()).toEqual([list]);
    await waitUntil(() => c.statuses.lists()[0]?.payload === list.payload);
    expect(await c.host.refreshStatusLists()).toBe(false);
  });
});
