import { describe, expect, it } from '@jest/globals';
import { statisticsOf } from './network-statistics.ts';
import type { StatisticsSources } from './network-statistics.ts';

const sources = (changes: Partial<StatisticsSources> = {}, underReplicated = 0, [failed, count]: readonly [number, number] = [0, 50]): StatisticsSources => ({
  startedAt: new Date(0),
  isInDht: true,
  connectedMembers: 3,
  connections: 4,
  relayedConnections: 1,
  table: { size: 7, bucketCount: 2 },
  values: { storage: { values: [{ kind: 'advert', count: 1, bytes: 2 }] }, replication: { factor: 5, repairedAt: undefined, underReplicated, handedOver: 0 } },
  totals: { messages: [], dropped: [], lookups: { count: 100, failed: 9, meanHops: 1, meanMilliseconds: 1 }, handshakes: { succeeded: 4, refused: [] } },
  recentLookups: { failed, count },
  ...changes,
});

describe('statisticsOf', () => {
  it('puts everything together', () => {
    expect(statisticsOf(sources())).toEqual({
      startedAt: new Date(0),
      connectedMembers: 3,
      connections: 4,
      relayedConnections: 1,
      routingTable: { members: 7, buckets: 2 },
      storage: { values: [{ kind: 'advert', count: 1, bytes: 2 }] },
      replication: { factor: 5, repairedAt: undefined, underReplicated: 0, handedOver: 0 },
      messages: [],
      dropped: [],
      lookups: { count: 100, failed: 9, meanHops: 1, meanMilliseconds: 1 },
      handshakes: { succeeded: 4, refused: [] },
      health: 'healthy',
    });
  });

  it.each<[string, StatisticsSources]>([
    ['healthy', sources({}, 0, [5, 50])],
    ['healthy', sources({}, 0, [2, 3])],
    ['degraded', sources({}, 0, [6, 50])],
    ['degraded', sources({}, 0, [3, 3])],
    ['degraded', sources({}, 1)],
    ['alone', sources({ connectedMembers: 0 }, 1)],
    ['off', sources({ isInDht: false, connectedMembers: 0 })],
  ])('calls it %s', (health, from) => expect(statisticsOf(from).health).toBe(health));
});
