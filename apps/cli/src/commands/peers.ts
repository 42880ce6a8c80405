import type { Command } from 'commander';
import { spanText } from '../amounts.ts';
import { peers as document } from '../client/documents.ts';
import { peersPageSchema } from '../client/network-reports.ts';
import type { Peer } from '../client/network-reports.ts';
import { OperatorSession } from '../client/operator-session.ts';
import { table } from '../table.ts';
import { operatorCommand } from './operator-command.ts';
import type { OperatorOptions } from './operator-command.ts';

/** Peers that a node gives in one answer. */
const PAGE_SIZE = 500;
const HEADINGS = ['NAME', 'CONNECTED', 'GROUP', 'STATUS AGE', 'LATENCY', 'REPUTATION', 'RELAYED', 'DID'] as const;

/** `carecord peers`: whom a running node knows in its network. */
export function peersCommand(): Command {
  return operatorCommand('peers', 'List the peers of a running node: whether they are connected, by which key agreement, how old their status is, what was seen of them. For its administrators.')
    .option('--json', 'print one JSON object a line')
    .action(async (options: OperatorOptions & { readonly json?: true }) => {
      const peers = await OperatorSession.during(options, allPeers);
      process.stdout.write(options.json === true ? peers.map((peer) => `${JSON.stringify(peer)}\n`).join('') : textOf(peers));
    });
}

async function allPeers(session: OperatorSession): Promise<readonly Peer[]> {
  // The list changes between two pages: a peer that moved from one to the other is shown once.
  const found = new Map<string, Peer>();
  let after: string | null = null;
  do {
    const page: { readonly peers: readonly Peer[]; readonly nextCursor: string | null } = await session.run(document, { page: { first: PAGE_SIZE, after } }, peersPageSchema);
    for (const peer of page.peers) found.set(peer.peerId, peer);
    after = page.nextCursor;
  } while (after !== null);
  return [...found.values()];
}

function textOf(peers: readonly Peer[]): string {
  if (peers.length === 0) return 'This node knows no other peer.\n';
  return table(HEADINGS, peers.map(rowOf));
}

function rowOf({ name, connected, group, statusAgeMilliseconds, latencyMilliseconds, reputation, relayed, did }: Peer): readonly string[] {
  return [name, yesNo(connected), group ?? '-', span(statusAgeMilliseconds), span(latencyMilliseconds), reputation.toFixed(2), yesNo(relayed), did];
}

function span(milliseconds: number | null): string {
  return milliseconds === null ? '-' : spanText(milliseconds);
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
