import { describe, expect, it } from '@jest/globals';
import type { NetworkState } from '../client/network-reports.ts';
import { statusText } from './network-status.ts';

const NOW = new Date('2026-11-30T12:00:00Z');
const state: NetworkState = {
  health: 'DEGRADED',
  startedAt: '2026-11-30T08:00:00Z',
  connectedMembers: 7,
  connections: 9,
  relayedConnections: 1,
  routingTable: { members: 1_234, buckets: 12 },
  messages: [
    { protocol: '/carecord/values/store/1', direction: 'SENT', count: 12_000, failed: 3, bytes: 5_000_000 },
    { protocol: '/carecord/routing/find/1', direction: 'RECEIVED', count: 40, failed: 0, bytes: 900 },
  ],
  dropped: [{ reason: 'VALUE_REFUSED', count: 8 }, { reason: 'RATE_LIMITED', count: 1 }],
  storedValues: [{ kind: 'reference', count: 100_000, bytes: 81_000_000 }],
  replication: { factor: 5, repairedAt: '2026-11-30T11:50:00Z', underReplicated: 2, handedOver: 30 },
  lookups: { count: 50, failed: 1, meanHops: 1.84, meanMilliseconds: 12.2 },
  handshakes: { succeeded: 20, refused: [{ reason: 'NOT_A_MEMBER', count: 2 }] },
  publications: { waiting: 4, failed: 0 },
};

describe('the page of "carecord network status"', () => {
  it('has every number, in sentences and tables', () => {
    expect(statusText(state, NOW)).toBe(`The network is  degraded: look-ups fail, or values have fewer copies than they should
Counting for    4 h
Members         7 connected, 1,234 in 12 buckets of the routing table
Connections     9, of which 1 through a relay
Handshakes      20 succeeded, refused: NOT_A_MEMBER 2
Look-ups        50, of which 1 failed; on average 1.8 hops in 12 ms
Replication     5 copies wanted; 2 values have fewer, 30 copies handed over; last repair 10 min ago
Publications    4 waiting, 0 failed for good
Dropped         VALUE_REFUSED 8, RATE_LIMITED 1

Values kept for the network

KIND        VALUES      SIZE
reference  100,000  77.2 MiB

Messages

PROTOCOL                  DIRECTION   COUNT  FAILED     SIZE
/carecord/values/store/1  sent       12,000       3  4.8 MiB
/carecord/routing/find/1  received       40       0    900 B
`);
  });

  it('says what there is not: repairs, publications of an authority, drops', () => {
    const text = statusText({ ...state, dropped: [], storedValues: [], messages: [], publications: null, replication: { ...state.replication, repairedAt: null } }, NOW);
    expect(text).toMatch(/no repair yet\nDropped +nothing\n$/);
  });
});
