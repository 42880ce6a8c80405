import type { Command } from 'commander';
import { bytesText, countText, spanText } from '../amounts.ts';
import { networkStatus as document } from '../client/documents.ts';
import { networkStateSchema } from '../client/network-reports.ts';
import type { NetworkState } from '../client/network-reports.ts';
import { OperatorSession } from '../client/operator-session.ts';
import { table } from '../table.ts';
import { operatorCommand } from './operator-command.ts';
import type { OperatorOptions } from './operator-command.ts';

const HEALTH: Readonly<Record<NetworkState['health'], string>> = {
  HEALTHY: 'healthy',
  DEGRADED: 'degraded: look-ups fail, or values have fewer copies than they should',
  ALONE: 'alone: no other member is connected',
  OFF: 'off: the distributed hash table is switched off (CARECORD_DHT)',
};

/** `carecord network status`: the network as a running node sees it. */
export function networkStatusCommand(): Command {
  return operatorCommand('status', 'Show the network as a running node sees it: health, connections, messages, stored values, replication. For its administrators.')
    .option('--json', 'print one JSON object')
    .action(async (options: OperatorOptions & { readonly json?: true }) => {
      const state = await OperatorSession.during(options, (session) => session.run(document, {}, networkStateSchema));
      process.stdout.write(options.json === true ? `${JSON.stringify(state)}\n` : statusText(state, new Date()));
    });
}

/** The page that a person reads. */
export function statusText(state: NetworkState, now: Date): string {
  const { replication, lookups, handshakes, publications, routingTable } = state;
  const age = (time: string): string => spanText(Math.max(0, now.getTime() - Date.parse(time)));
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['The network is', HEALTH[state.health]],
    ['Counting for', age(state.startedAt)],
    ['Members', `${countText(state.connectedMembers)} connected, ${countText(routingTable.members)} in ${countText(routingTable.buckets)} buckets of the routing table`],
    ['Connections', `${countText(state.connections)}, of which ${countText(state.relayedConnections)} through a relay`],
    ['Handshakes', `${countText(handshakes.succeeded)} succeeded${reasons(handshakes.refused, ', refused: ')}`],
    ['Look-ups', `${countText(lookups.count)}, of which ${countText(lookups.failed)} failed; on average ${lookups.meanHops.toFixed(1)} hops in ${spanText(lookups.meanMilliseconds)}`],
    ['Replication', `${replication.factor} copies wanted; ${countText(replication.underReplicated)} values have fewer, ${countText(replication.handedOver)} copies handed over; ${replication.repairedAt === null ? 'no repair yet' : `last repair ${age(replication.repairedAt)} ago`}`],
    ...(publications === null ? [] : [['Publications', `${countText(publications.waiting)} waiting, ${countText(publications.failed)} failed for good`] as const]),
    ['Dropped', reasons(state.dropped, '') || 'nothing'],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`),
    listing('Values kept for the network', ['KIND', 'VALUES', 'SIZE'], state.storedValues.map(({ kind, count, bytes }) => [kind, countText(count), bytesText(bytes)])),
    listing('Messages', ['PROTOCOL', 'DIRECTION', 'COUNT', 'FAILED', 'SIZE'], state.messages.map(({ protocol, direction, count, failed, bytes }) => [protocol, direction.toLowerCase(), countText(count), countText(failed), bytesText(bytes)])),
  ].join('');
}

function reasons(counts: readonly { readonly reason: string; readonly count: number }[], before: string): string {
  return counts.length === 0 ? '' : before + counts.map(({ reason, count }) => `${reason} ${countText(count)}`).join(', ');
}

function listing(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n\n${table(headings, rows)}`;
}
