import type { NetworkStatistics, PeerReport } from '@carecord/network';

/** A peer of a hospital, as its host reports it. */
export function peerReport(change: Partial<PeerReport> = {}): PeerReport {
  return {
    did: 'did:webvh:QmWnaW4DiqhvG211ESwtQGyTfsnn6aRHL9r7cNH7y7kPEC:b.hospital.example',
    name: 'Hospital B',
    peerId: '12D3KooWB',
    roles: ['hospital'],
    connected: true,
    group: 'X25519MLKEM768',
    address: '/ip4/127.0.0.1/tcp/4002',
    relayed: false,
    connectedSince: new Date('2026-11-30T08:00:00Z'),
    latencyMilliseconds: 1.5,
    statusAgeMilliseconds: 90_000,
    reputation: 0.98,
    inRoutingTable: true,
    ...change,
  };
}

/** What a host counts; every number is another one, so that none can stand for another. */
export function networkStatistics(change: Partial<NetworkStatistics> = {}): NetworkStatistics {
  return {
    startedAt: new Date('2026-11-30T08:00:00Z'),
    connectedMembers: 3,
    connections: 4,
    relayedConnections: 1,
    routingTable: { members: 5, buckets: 2 },
    messages: [
      { protocol: '/carecord/values/store/1', direction: 'sent', count: 12, failed: 6, bytes: 5_000_000_000 },
      { protocol: '/carecord/values/store/1', direction: 'received', count: 13, failed: 7, bytes: 700 },
    ],
    dropped: [
      { reason: 'VALUE_REFUSED', count: 8 },
      { reason: 'RATE_LIMITED', count: 9 },
    ],
    storage: { values: [{ kind: 'reference', count: 10, bytes: 1_100 }] },
    replication: { factor: 11, repairedAt: new Date('2026-11-30T09:00:00Z'), underReplicated: 14, handedOver: 15 },
    lookups: { count: 16, failed: 17, meanHops: 1.8, meanMilliseconds: 19 },
    handshakes: { succeeded: 20, refused: [{ reason: 'NOT_A_MEMBER', count: 21 }] },
    health: 'degraded',
    ...change,
  };
}
