import type { NetworkCounters } from '../health/network-counters.ts';
import type { NetworkStatistics } from '../ports.ts';
import type { RoutingTable } from '../routing/routing-table.ts';

/** Of the last lookups this part may fail in a network that is well, */
const FAILED_PART = 0.1;
/** or so many: one member that goes away fails those that are under way. */
const FAILED_LOOKUPS = 2;

/** What {@link statisticsOf} puts together. */
export interface StatisticsSources extends Pick<NetworkStatistics, 'startedAt' | 'connectedMembers' | 'connections' | 'relayedConnections'> {
  readonly isInDht: boolean;
  readonly table: Pick<RoutingTable, 'size' | 'bucketCount'>;
  readonly values: Pick<NetworkStatistics, 'storage' | 'replication'>;
  readonly totals: ReturnType<NetworkCounters['totals']>;
  readonly recentLookups: ReturnType<NetworkCounters['recentLookups']>;
}

/** How the network looks from here. */
export function statisticsOf({ isInDht, table, values, totals, recentLookups, ...present }: StatisticsSources): NetworkStatistics {
  return {
    ...present,
    routingTable: { members: table.size, buckets: table.bucketCount },
    ...values,
    ...totals,
    health: healthOf({ isInDht, connectedMembers: present.connectedMembers, replication: values.replication, recentLookups }),
  };
}

function healthOf({ isInDht, connectedMembers, replication, recentLookups }: Pick<StatisticsSources, 'connectedMembers' | 'isInDht' | 'recentLookups'> & Pick<NetworkStatistics, 'replication'>): NetworkStatistics['health'] {
  if (!isInDht) return 'off';
  if (connectedMembers === 0) return 'alone';
  const failing = recentLookups.failed > Math.max(FAILED_LOOKUPS, recentLookups.count * FAILED_PART);
  return replication.underReplicated > 0 || failing ? 'degraded' : 'healthy';
}
