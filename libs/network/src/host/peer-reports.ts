import { readStatusList } from '@carecord/identity';
import type { Membership, StatusBook } from '@carecord/identity';
import type { Clock } from '@carecord/core';
import type { Connection } from '@libp2p/interface';
import type { Reputations } from '../health/reputations.ts';
import type { Member, PeerReport } from '../ports.ts';
import type { MemberRegistry } from './member-registry.ts';

/** What {@link reportPeers} looks into. */
export interface PeerReportSources {
  readonly registry: Pick<MemberRegistry, 'connected' | 'peersOf'>;
  /** Peers in the routing table. */
  readonly routed: () => readonly { readonly did: string; readonly peers: readonly { readonly peerId: string }[] }[];
  readonly connections: () => readonly Connection[];
  /** What is known of the connection with a peer. */
  readonly reportConnection: (peerId: string) => Pick<PeerReport, 'group' | 'address' | 'relayed'>;
  readonly reputations: Pick<Reputations, 'reputation' | 'latency'>;
  readonly statuses: Pick<StatusBook, 'listOf'>;
  readonly clock: Clock;
}

/** Every peer that is connected or in the routing table, and that is a member now. */
export function reportPeers(sources: PeerReportSources): PeerReport[] {
  const { registry, routed } = sources;
  const inTable = new Set(routed().flatMap(({ peers }) => peers.map(({ peerId }) => peerId)));
  const known = routed().flatMap(({ did }) => registry.peersOf(did).filter(({ peerId }) => inTable.has(peerId)));
  const byPeerId = new Map([...registry.connected(), ...known].map((member) => [member.peerId, member]));
  return [...byPeerId.values()].map((member) => reportPeer(member, inTable.has(member.peerId), sources)).sort((one, other) => one.did.localeCompare(other.did));
}

function reportPeer({ did, membership, name, peerId, roles }: Member, inRoutingTable: boolean, sources: PeerReportSources): PeerReport {
  const { clock, connections, reportConnection, reputations, statuses } = sources;
  const opened = connections().flatMap(({ remotePeer, status, timeline }) => (status === 'open' && remotePeer.toString() === peerId ? [timeline.open] : []));
  return {
    did,
    name,
    peerId,
    roles,
    connected: opened.length > 0,
    ...reportConnection(peerId),
    connectedSince: opened.length === 0 ? undefined : new Date(Math.min(...opened)),
    latencyMilliseconds: reputations.latency(did),
    statusAgeMilliseconds: oldestListAge(membership, statuses, clock.now()),
    reputation: reputations.reputation(did),
    inRoutingTable,
  };
}

/** The lists of which there is none here do not count: as many authorities as are needed stand by a member anyway. */
function oldestListAge({ standings }: Membership, statuses: Pick<StatusBook, 'listOf'>, now: Date): number | undefined {
  const lists = standings.flatMap(({ authority }) => statuses.listOf(authority) ?? []);
  return lists.length === 0 ? undefined : Math.max(...lists.map((list) => now.getTime() - readStatusList(list).validFrom.getTime()));
}
