import { describe, expect, it } from '@jest/globals';
import { networkStatistics, peerReport } from './network-reports.fixture.ts';
import { NetworkStatus } from './network-status.ts';

const host = { peers: () => [peerReport({ name: 'C', connected: false }), peerReport({ name: 'B' }), peerReport({ name: 'A', peerId: '2' }), peerReport({ name: 'A', peerId: '1' })], statistics: () => Promise.resolve(networkStatistics()) };

describe('NetworkStatus', () => {
  it('has connected peers first, then by name and peer', () => {
    expect(new NetworkStatus(() => host).peers().map(({ name, peerId }) => `${name}${peerId}`)).toEqual(['A1', 'A2', 'B12D3KooWB', 'C12D3KooWB']);
  });

  it('adds what waits to be published at a hospital, and nothing at an authority', async () => {
    await expect(new NetworkStatus(() => host, () => Promise.resolve({ waiting: 2, failed: 1 })).read()).resolves.toEqual({ ...networkStatistics(), publications: { waiting: 2, failed: 1 } });
    await expect(new NetworkStatus(() => host).read()).resolves.toEqual({ ...networkStatistics(), publications: undefined });
  });

  it('says that the node is still starting', async () => {
    const starting = new NetworkStatus(() => undefined);
    expect(() => starting.peers()).toThrow(expect.objectContaining({ code: 'NODE_STARTING' }));
    await expect(starting.read()).rejects.toMatchObject({ code: 'NODE_STARTING' });
  });
});
