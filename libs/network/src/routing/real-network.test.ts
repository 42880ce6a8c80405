import { afterEach, describe, expect, it } from '@jest/globals';
import type { Libp2p } from '@libp2p/interface';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNetworkOptions, TestNode } from '../../../testkit/src/network-fixture.ts';
import { compareDistance, nodeIdOf } from './node-id.ts';
import type { Router } from './router.ts';

/** Hundreds of handshakes, on a machine that does other things too. */
const TIMEOUT = 240_000;

const routerOf = ({ host }: TestNode): Router => (host as unknown as { router: Router }).router;

describe('routing among real hosts', () => {
  let network: TestNetwork | undefined;
  afterEach(async () => {
    await network?.stop();
    network = undefined;
  });
  const start = async (options: TestNetworkOptions): Promise<TestNode[]> => {
    network = await makeTestNetwork(options);
    return [...network.hospitals];
  };

  it(
    'sixteen that joined by the address of one find each other, and look up who is truly closest; the dead leave all tables',
    async () => {
      const nodes = await start({ hospitals: 16, connected: 'by-bootstrap', seed: 'sixteen' });
      await waitUntil(() => nodes.every(({ host }) => host.routingTableSize() === 15));
      const closest = (among: readonly TestNode[], target: Uint8Array) =>
        among.map(({ keys: { did } }) => ({ did, nodeId: nodeIdOf(did) })).sort((one, other) => compareDistance(target, one.nodeId, other.nodeId)).slice(0, 5);
      for (const [at, node] of nodes.entries()) {
        const target = nodeIdOf(`target ${at}`);
        const { contacts, complete, hops } = await routerOf(node).lookup(target, { count: 5 });
        expect({ contacts, complete, hops }).toEqual({ contacts: closest(nodes, target), complete: true, hops: 1 });
        expect(routerOf(node).nearest(target, 5)).toEqual(closest(nodes, target));
      }
      const dead = nodes.filter((_, at) => at % 4 === 3);
      const living = nodes.filter((node) => !dead.includes(node));
      await Promise.all(dead.map(({ host }) => host.stop()));
      await waitUntil(() => living.every(({ host }) => host.routingTableSize() === 11));
      const target = nodeIdOf('target');
      expect(await routerOf(living[3] as TestNode).lookup(target, { count: 5 })).toMatchObject({ contacts: closest(living, target), complete: true });
      expect(living[0]?.host.peers().every(({ did, connected, inRoutingTable, reputation }) => connected && inRoutingTable && reputation > 0.5 && living.some(({ keys }) => keys.did === did))).toBe(true);
    },
    TIMEOUT,
  );

  it('three in a line find each other through the one in the middle, and know each other when their connections have closed', async () => {
    const [a, b, c] = (await start({ hospitals: 3, connected: 'in-a-line' })) as [TestNode, TestNode, TestNode];
    await waitUntil(() => [a, b, c].every(({ host }) => host.routingTableSize() === 2));
    const { node } = (a.host as unknown as { parts: { node: Libp2p } }).parts;
    await Promise.all(node.getConnections().map((connection) => connection.close()));
    expect(routerOf(a).nearest(nodeIdOf('target'), 5)).toHaveLength(3);
    expect((await routerOf(a).lookup(nodeIdOf('target'))).contacts).toHaveLength(3);
    expect((await c.host.memberByDid(a.keys.did))?.did).toBe(a.keys.did);
  });

  it('one outside the DHT is in no table, stores and reads nothing, and still reaches those that it has met', async () => {
    const [inside, outside, other] = (await start({ hospitals: 3, perNode: (number) => ({ dht: number !== 1 }) })) as [TestNode, TestNode, TestNode];
    expect([inside, outside, other].map(({ host }) => host.routingTableSize())).toEqual([1, 0, 1]);
    const [kind, key] = [{ namespace: 'advert' }, nodeIdOf(inside.keys.did)];
    await expect(outside.host.put(kind, key, new Uint8Array(1))).rejects.toMatchObject({ code: 'DHT_OFF' });
    await expect(outside.host.publish([])).rejects.toMatchObject({ code: 'DHT_OFF' });
    expect(await outside.host.get(kind, key)).toBeUndefined();
    expect(await outside.host.readAll([{ kind, key }])).toEqual([{ values: [], complete: false }]);
    expect(await outside.host.findProviders('bafkr4igeu3ui7kc4ymv6dlrxdh4kizkyr3cwr7ueyyx6vv7ujsetpbmfbq')).toEqual([]);
    expect(await outside.host.statistics()).toMatchObject({ health: 'off', connectedMembers: 2, routingTable: { members: 0 } });
    expect((await inside.host.statistics()).health).toBe('healthy');
    const { node } = (outside.host as unknown as { parts: { node: Libp2p } }).parts;
    await waitUntil(async () => (await node.peerStore.all()).filter(({ addresses, id }) => addresses.length > 0 && !id.equals(node.peerId)).length === 2);
    await Promise.all(node.getConnections().map((connection) => connection.close()));
    await waitUntil(() => inside.host.members().length === 1);
    expect((await outside.host.memberByDid(other.keys.did))?.did).toBe(other.keys.did);
    expect((await inside.host.memberByDid(outside.keys.did))?.did).toBe(outside.keys.did);
  });

  it('tells what its peers are like and what it has said and heard', async () => {
    const [a, b] = (await start({ hospitals: 2, authorityHost: true })) as [TestNode, TestNode];
    const [authority, hospital] = a.host.peers().sort((one, two) => two.roles.length - one.roles.length);
    expect(authority).toMatchObject({ did: network?.authority.did, roles: ['authority', 'guardian'], inRoutingTable: true });
    expect(hospital).toMatchObject({ did: b.keys.did, name: 'Hospital b', connected: true, relayed: false, group: 'X25519MLKEM768', reputation: 1 });
    expect(hospital?.connectedSince?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(hospital?.statusAgeMilliseconds).toBeGreaterThanOrEqual(0);
    expect(hospital?.address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\//);
    expect((await a.host.findMembers('authority')).map(({ did }) => did)).toEqual([network?.authority.did]);
    expect((await a.host.findMembers('hospital')).map(({ did }) => did)).toEqual([b.keys.did]);
    const { handshakes, lookups, messages, connections } = await a.host.statistics();
    expect(handshakes).toEqual({ succeeded: connections, refused: [] });
    expect(lookups.failed).toBe(0);
    expect(lookups.meanHops).toBeGreaterThan(0);
    expect(messages.find(({ protocol, direction }) => protocol === '/carecord/routing/closest/1' && direction === 'sent')).toMatchObject({ failed: 0 });
  });
});
