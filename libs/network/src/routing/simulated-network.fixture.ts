import { systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { Lookup } from './lookup.ts';
import type { LookupNetwork, LookupOptions } from './lookup.ts';
import type { Candidate } from './lookup-candidate.ts';
import { compareDistance, nodeIdOf, sharedBits } from './node-id.ts';
import type { LookupResult } from './ports.ts';
import { BUCKET_SIZE, closestOf } from './routing-table.ts';
import type { NamedContact } from './routing-protocol.ts';

/** One that answers, or does not. */
export interface SimulatedMember {
  readonly did: string;
  readonly nodeId: Uint8Array;
  readonly table: SimulatedMember[];
  /** What it says instead of the truth; rejects for one that cannot be reached. */
  lie?: (target: Uint8Array, truth: NamedContact[]) => NamedContact[] | Promise<NamedContact[]>;
}

/** How a contact is named in answers. */
export function contactOf({ did }: { readonly did: string }): NamedContact {
  return { did, peerId: `peer of ${did}`, addresses: [`address of ${did}`] };
}

/** Members with Kademlia tables: of each bucket as many others as fit, those with the lowest numbers. */
export function simulatedMembers(count: number, name = 'member'): SimulatedMember[] {
  const members = Array.from({ length: count }, (_, number): SimulatedMember => {
    const did = `did:example:${name}-${number}`;
    return { did, nodeId: nodeIdOf(did), table: [] };
  });
  for (const member of members) {
    const buckets = new Map<number, number>();
    for (const other of members) {
      if (other === member) continue;
      const bits = sharedBits(member.nodeId, other.nodeId);
      const size = buckets.get(bits) ?? 0;
      if (size >= BUCKET_SIZE) continue;
      buckets.set(bits, size + 1);
      member.table.push(other);
    }
  }
  return members;
}

/** The members closest to a target in truth, by their DIDs. */
export function trulyClosest(members: readonly SimulatedMember[], target: Uint8Array, count: number): string[] {
  return [...members].sort((one, other) => compareDistance(target, one.nodeId, other.nodeId)).slice(0, count).map(({ did }) => did);
}

/** A lookup and whom it asked. */
export interface SimulatedLookup {
  readonly result: LookupResult;
  readonly found: string[];
  readonly asked: string[];
}

/** Looks up from one of the members, over no network at all. */
export async function simulateLookup(
  members: readonly SimulatedMember[],
  from: SimulatedMember,
  target: Uint8Array,
  options: { readonly count?: number; readonly clock?: Clock; readonly signal?: AbortSignal; readonly network?: Partial<LookupNetwork>; readonly start?: LookupOptions['start'] } = {},
): Promise<SimulatedLookup> {
  const { count = BUCKET_SIZE, clock = systemClock, signal = new AbortController().signal } = options;
  const byDid = new Map(members.map((member) => [member.did, member]));
  const asked: string[] = [];
  const network: LookupNetwork = {
    ask: async (candidate: Candidate, place: Uint8Array): Promise<NamedContact[]> => {
      asked.push(candidate.did);
      const member = byDid.get(candidate.did);
      // A DID that nobody has: whoever is dialled there proves to be another one, or does not answer.
      if (member === undefined) throw new Error('Nobody is there.');
      const truth = closestOf(place, member.table, BUCKET_SIZE).map(contactOf);
      return member.lie === undefined ? truth : member.lie(place, truth);
    },
    patience: () => 1_000,
    gaveUp: () => undefined,
    isShunned: () => false,
    isGone: () => false,
    ...options.network,
  };
  const start = options.start ?? closestOf(target, from.table, BUCKET_SIZE);
  const result = await new Lookup({ own: from, target, count, start, network, clock, signal }).run();
  return { result, found: result.contacts.map(({ did }) => did), asked };
}
