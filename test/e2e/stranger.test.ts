import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NetworkHost } from '@carecord/network';
import { admitForTest, makeTestAuthority, makeTestIdentity, makeTestNode } from '../../libs/testkit/src/network-fixture.ts';
import { demoNetworkId } from '../../apps/cli/src/network/demo-hospitals.ts';
import { impersonate } from '../support/impersonated-member.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork } from '../support/running-network.ts';

describe('a peer without membership', () => {
  let network: TestNetwork;
  const hosts: NetworkHost[] = [];

  beforeAll(async () => {
    network = await startTestNetwork();
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    await network.stop();
  });

  const addresses = (): string[] => network.hospital('alder').process.ready.p2p;

  it('that admitted itself, with an authority of its own, is refused', async () => {
    const [stranger, impostor] = await Promise.all([makeTestIdentity('stranger'), makeTestAuthority('impostor')]);
    const { host } = await makeTestNode(stranger, await admitForTest(stranger, impostor, { networkId: demoNetworkId }), impostor, { listen: [] });
    hosts.push(host);
    await host.start();
    await expect(host.connect(addresses()[0] ?? '')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(host.members()).toEqual([]);
  });

  it('with a membership is let in: the same address, the same software', async () => {
    await network.hospital('chestnut').process.stop();
    const { host } = await impersonate(network, 'chestnut');
    hosts.push(host);
    expect((await host.connect(addresses()[0] ?? '')).did).toBe(network.hospital('alder').did);
  });
});
