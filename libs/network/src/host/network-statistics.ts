import type { NetworkCounters } from '../health/network-counters.ts';
import type { NetworkStatistics } from '../ports.ts';
import type { RoutingTable } from '../routing/routing-table.ts';

/** Of the lookups, this part may fail in a network that is well: members come and go. */
const FAILED_PART = 0.1;

/** What {@link statisticsOf} puts together. */
export interface StatisticsSources extends Pick<NetworkStatistics, 'startedAt' | 'connectedMembers' | 'connections' | 'relayedConnections'> {
  readonly isInDht: boolean;
  readonly table: Pick<RoutingTable, 'size' | 'bucketCount'>;
  readonly values: Pick<NetworkStatistics, 'storage' | 'replication'>;
  readonly totals: ReturnType<NetworkCounters['totals']>;
}

/** How the network looks from here. */
export function statisticsOf({ isInDht, table, values, totals, ...present }: StatisticsSources): NetworkStatistics {
  return {
    ...present,
    routingTable: { members: table.size, buckets: table.bucketCount },
    ...values,
    ...totals,
    health: healthOf({ isInDht, connectedMembers: present.connectedMembers, replication: values.replication, lookups: totals.lookups }),
  };
}

function healthOf({ isInDht, connectedMembers, replication, lookups }: { readonly isInDht: boolean } & Pick<NetworkStatistics, 'connectedMembers' | 'replication' | 'lookups'>): NetworkStatistics['health'] {
  if (!isInDht) return 'off';
  if (connectedMembers === 0) return 'alone';
  return replication.underReplicated > 0 || lookups.failed > lookups.count * FAILED_PART ? 'degraded' : 'healthy';
}
