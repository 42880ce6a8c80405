import { z } from 'zod';

/** A peer as a node reports it (`NetworkPeer` of the schema). */
export const peerSchema = z.object({
  did: z.string(),
  name: z.string(),
  peerId: z.string(),
  roles: z.array(z.string()),
  connected: z.boolean(),
  group: z.string().nullable(),
  address: z.string().nullable(),
  relayed: z.boolean(),
  connectedSince: z.string().nullable(),
  latencyMilliseconds: z.number().nullable(),
  statusAgeMilliseconds: z.number().nullable(),
  reputation: z.number(),
  inRoutingTable: z.boolean(),
});
export type Peer = z.infer<typeof peerSchema>;

/** One page of them. */
export const peersPageSchema = z.object({ peers: z.array(peerSchema), nextCursor: z.string().nullable() });

const reasonCounts = z.array(z.object({ reason: z.string(), count: z.number() }));

/** The network as a node sees it (`NetworkState` of the schema). */
export const networkStateSchema = z.object({
  health: z.enum(['HEALTHY', 'DEGRADED', 'ALONE', 'OFF']),
  startedAt: z.string(),
  connectedMembers: z.number(),
  connections: z.number(),
  relayedConnections: z.number(),
  routingTable: z.object({ members: z.number(), buckets: z.number() }),
  messages: z.array(z.object({ protocol: z.string(), direction: z.enum(['SENT', 'RECEIVED']), count: z.number(), failed: z.number(), bytes: z.number() })),
  dropped: reasonCounts,
  storedValues: z.array(z.object({ kind: z.string(), count: z.number(), bytes: z.number() })),
  replication: z.object({ factor: z.number(), repairedAt: z.string().nullable(), underReplicated: z.number(), handedOver: z.number() }),
  lookups: z.object({ count: z.number(), failed: z.number(), meanHops: z.number(), meanMilliseconds: z.number() }),
  handshakes: z.object({ succeeded: z.number(), refused: reasonCounts }),
  publications: z.object({ waiting: z.number(), failed: z.number() }).nullable(),
});
export type NetworkState = z.infer<typeof networkStateSchema>;
