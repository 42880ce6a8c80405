import type { NetworkStatusReport } from '../status/network-status.ts';

/** One value of a metric; labels are names of ours (protocols, codes, kinds), never a member, an address or a person. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as Prometheus has it, and where its values are in the report. */
export interface Metric {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  /** @returns none where there is nothing to say */
  readonly samples: (report: NetworkStatusReport) => readonly Sample[];
}

const MILLISECONDS_A_SECOND = 1_000;
const HEALTH_STATES: readonly NetworkStatusReport['health'][] = ['healthy', 'degraded', 'alone', 'off'];

const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({ type: 'gauge', name, help, samples });
const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({ type: 'counter', name, help, samples });
const one = (value: (report: NetworkStatusReport) => number | undefined): Metric['samples'] => (report) => {
  const found = value(report);
  return found === undefined ? [] : [{ value: found }];
};
const byProtocol = (value: (count: NetworkStatusReport['messages'][number]) => number): Metric['samples'] => ({ messages }) =>
  messages.map((count) => ({ labels: { protocol: count.protocol, direction: count.direction }, value: value(count) }));
const byKind = (value: (stored: NetworkStatusReport['storage']['values'][number]) => number): Metric['samples'] => ({ storage }) =>
  storage.values.map((stored) => ({ labels: { kind: stored.kind }, value: value(stored) }));
const byReason = (counts: readonly { readonly reason: string; readonly count: number }[]): readonly Sample[] =>
  counts.map(({ reason, count }) => ({ labels: { reason }, value: count }));
const seconds = (milliseconds: number): number => milliseconds / MILLISECONDS_A_SECOND;

/** Everything that is measured of the network, in the naming of Prometheus: base units, `_total` for what only rises. */
export const NETWORK_METRICS: readonly Metric[] = [
  gauge('carecord_network_health', 'How the network looks from this node: 1 for the state that is so, 0 for the others.', ({ health }) => HEALTH_STATES.map((state) => ({ labels: { state }, value: state === health ? 1 : 0 }))),
  gauge('carecord_network_connected_members', 'Other members with an open connection.', one(({ connectedMembers }) => connectedMembers)),
  gauge('carecord_network_connections', 'Open connections, by whether they go through a relay.', ({ connections, relayedConnections }) => [
    { labels: { relayed: 'false' }, value: connections - relayedConnections },
    { labels: { relayed: 'true' }, value: relayedConnections },
  ]),
  gauge('carecord_network_routing_table_members', 'Members in the Kademlia routing table.', one(({ routingTable }) => routingTable.members)),
  gauge('carecord_network_routing_table_buckets', 'Buckets of the Kademlia routing table that hold somebody.', one(({ routingTable }) => routingTable.buckets)),
  counter('carecord_network_messages_total', 'Messages between members, by protocol and direction.', byProtocol(({ count }) => count)),
  counter('carecord_network_messages_failed_total', 'Messages that failed, by protocol and direction.', byProtocol(({ failed }) => failed)),
  counter('carecord_network_message_bytes_total', 'Bytes of messages, by protocol and direction.', byProtocol(({ bytes }) => bytes)),
  counter('carecord_network_dropped_total', 'Frames, requests and values that were dropped, by reason.', ({ dropped }) => byReason(dropped)),
  counter('carecord_network_handshakes_total', 'Handshakes that ended with a connection.', one(({ handshakes }) => handshakes.succeeded)),
  counter('carecord_network_handshakes_refused_total', 'Handshakes that were refused, by reason.', ({ handshakes }) => byReason(handshakes.refused)),
  gauge('carecord_network_stored_values', 'Values kept for the network, by kind.', byKind(({ count }) => count)),
  gauge('carecord_network_stored_value_bytes', 'Bytes of values kept for the network, by kind.', byKind(({ bytes }) => bytes)),
  gauge('carecord_network_replication_factor', 'How many members should keep each value.', one(({ replication }) => replication.factor)),
  gauge('carecord_network_under_replicated_values', 'Values kept here that had too few copies at the last repair.', one(({ replication }) => replication.underReplicated)),
  counter('carecord_network_values_handed_over_total', 'Copies of values given to members that had none.', one(({ replication }) => replication.handedOver)),
  gauge('carecord_network_last_repair_timestamp_seconds', 'When the last repair ended, in Unix time.', one(({ replication }) => (replication.repairedAt === undefined ? undefined : seconds(replication.repairedAt.getTime())))),
  counter('carecord_network_lookups_total', 'Look-ups in the distributed hash table.', one(({ lookups }) => lookups.count)),
  counter('carecord_network_lookups_failed_total', 'Look-ups that failed.', one(({ lookups }) => lookups.failed)),
  gauge('carecord_network_lookup_hops_mean', 'Mean number of members on the way to a value.', one(({ lookups }) => lookups.meanHops)),
  gauge('carecord_network_lookup_duration_seconds_mean', 'Mean time of a look-up.', one(({ lookups }) => seconds(lookups.meanMilliseconds))),
  gauge('carecord_publications_waiting', 'Changes of patients that the network has not seen yet.', one(({ publications }) => publications?.waiting)),
  gauge('carecord_publications_failed', 'Changes of patients that failed too often to be published again.', one(({ publications }) => publications?.failed)),
];
