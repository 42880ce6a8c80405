import { afterEach, describe, expect, it } from '@jest/globals';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNetworkOptions, TestNode } from '../../../testkit/src/network-fixture.ts';
import { compareDistance, nodeIdOf } from './node-id.ts';
import type { Router } from './router.ts';

/** Hundreds of handshakes, on a machine that does other things too. */
const TIMEOUT = 120_000;

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

  it('sixteen that joined by the address of one find each other, and look up who is truly closest', async () => {
    const nodes = await start({ hospitals: 16, connected: 'by-bootstrap', seed: 'sixteen' });
    await waitUntil(() => nodes.every(({ host }) => host.routingTableSize() === 15));
    for (const [at, node] of nodes.entries()) {
      const target = nodeIdOf(`target ${at}`);
      const closest = nodes.map(({ keys: { did } }) => ({ did, nodeId: nodeIdOf(did) })).sort((one, other) => compareDistance(target, one.nodeId, other.nodeId));
      const { contacts, complete, hops } = await routerOf(node).lookup(target, { count: 5 });
      expect(contacts).toEqual(closest.slice(0, 5));
      expect({ complete, hops }).toEqual({ complete: true, hops: 1 });
    }
  }, TIMEOUT);
});
