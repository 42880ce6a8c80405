import { compareDistance, nodeIdOf, sharedBits } from './node-id.ts';
import type { Contact } from './ports.ts';

/** Kademlia's k: members a bucket. Twenty do not all vanish within an hour, and each lookup answer is that long. */
export const BUCKET_SIZE = 20;
/** Members kept beside a full bucket, to take a place that becomes free. */
const MAX_REPLACEMENTS = 10;
/**
 * Members of one address group in a bucket: what one provider's failure, or whoever sits in its network, can take of it. Above the
 * default replication, so that hospitals that all have one provider still find those who store.
 */
export const MAX_OF_ONE_GROUP = 8;
/** Peers kept of one member: more replicas than a hospital runs. */
const MAX_PEERS = 4;
/** Addresses kept and told of one peer: more are hardly ever all good, and each costs a dial. */
export const MAX_ADDRESSES = 8;

/** One of a member's peers and where it can be dialled. */
export interface RoutedPeer {
  readonly peerId: string;
  /** Multiaddrs with `/p2p/<peerId>`; at least one. */
  readonly addresses: readonly string[];
}

/** A member of which a connection has proven that it is where it says. */
export interface RoutedMember extends Contact {
  /** The one heard from last first. */
  readonly peers: readonly RoutedPeer[];
  /** The group of the address at which it was proven; `undefined` for those that count for no group. */
  readonly group: string | undefined;
  /** When it last proved itself or answered. */
  readonly seenAt: Date;
}

interface Bucket {
  /** Heard from longest ago first. */
  members: RoutedMember[];
  replacements: RoutedMember[];
}

/** What {@link RoutingTable.add} did. */
export type Added =
  /** It is in the table, anew or as before. */
  | { readonly kind: 'in-table'; readonly isNew: boolean }
  /** Its bucket is full: whether it gets a place depends on whether this one still answers. */
  | { readonly kind: 'waits'; readonly oldest: RoutedMember };

/** The members that this node can lead others to: by DID, more of them the closer they are to our own place. */
export class RoutingTable {
  readonly ownId: Uint8Array;
  private readonly buckets = new Map<number, Bucket>();
  private readonly byDid = new Map<string, RoutedMember>();

  constructor(private readonly ownDid: string) {
    this.ownId = nodeIdOf(ownDid);
  }

  /** Members in the table. */
  get size(): number {
    return this.byDid.size;
  }

  /** Buckets with a member in them. */
  get bucketCount(): number {
    return [...this.buckets.values()].filter(({ members }) => members.length > 0).length;
  }

  get(did: string): RoutedMember | undefined {
    return this.byDid.get(did);
  }

  members(): RoutedMember[] {
    return [...this.byDid.values()];
  }

  /** How many members share exactly so many bits with our own place. */
  sizeOfBucket(bits: number): number {
    return this.buckets.get(bits)?.members.length ?? 0;
  }

  /** The bucket of the member that is closest to us; `undefined` when there is none. */
  deepestBucket(): number | undefined {
    const filled = [...this.buckets].filter(([, { members }]) => members.length > 0).map(([bits]) => bits);
    return filled.length === 0 ? undefined : Math.max(...filled);
  }

  /** Takes up, or renews, a member that has just proven itself or answered. Our own DID is never in the table. */
  add(did: string, peer: RoutedPeer, group: string | undefined, now: Date): Added {
    if (did === this.ownDid || peer.addresses.length === 0) return { kind: 'in-table', isNew: false };
    const known = this.byDid.get(did);
    if (known !== undefined) {
      this.renew({ ...known, peers: withPeer(known.peers, peer), group, seenAt: now });
      return { kind: 'in-table', isNew: false };
    }
    const nodeId = nodeIdOf(did);
    const bucket = this.bucketOf(nodeId);
    const waiting = bucket.replacements.find((replacement) => replacement.did === did);
    const member = { did, nodeId, peers: withPeer(waiting?.peers ?? [], peer), group, seenAt: now };
    bucket.replacements = bucket.replacements.filter((replacement) => replacement.did !== did);
    if (this.hasPlaceFor(bucket, member)) {
      bucket.members.push(member);
      this.byDid.set(did, member);
      return { kind: 'in-table', isNew: true };
    }
    bucket.replacements = [...bucket.replacements, member].slice(-MAX_REPLACEMENTS);
    const [oldest] = group !== undefined && countOf(bucket, group) >= MAX_OF_ONE_GROUP ? bucket.members.filter((other) => other.group === group) : bucket.members;
    return oldest === undefined ? { kind: 'in-table', isNew: false } : { kind: 'waits', oldest };
  }

  /** A member has answered: it is the last of its bucket to be doubted. */
  answered(did: string, now: Date): void {
    const known = this.byDid.get(did);
    if (known !== undefined) this.renew({ ...known, seenAt: now });
  }

  /**
   * Takes a member out, and one that waited for a place in.
   * @returns whether it was in the table
   */
  remove(did: string): boolean {
    const bucket = this.bucketOf(nodeIdOf(did));
    bucket.replacements = bucket.replacements.filter((replacement) => replacement.did !== did);
    if (!this.byDid.delete(did)) return false;
    bucket.members = bucket.members.filter((member) => member.did !== did);
    const next = bucket.replacements.findLast((replacement) => this.hasPlaceFor(bucket, replacement));
    if (next === undefined) return true;
    bucket.replacements = bucket.replacements.filter((replacement) => replacement !== next);
    // It was heard from when it came to wait, not now: the first of its bucket to be doubted.
    bucket.members.unshift(next);
    this.byDid.set(next.did, next);
    return true;
  }

  /** Takes one of a member's peers out, and the member when it was the last. */
  removePeer(did: string, peerId: string): boolean {
    const known = this.byDid.get(did);
    const rest = known?.peers.filter((peer) => peer.peerId !== peerId) ?? [];
    if (known === undefined || rest.length === 0) return this.remove(did);
    this.replace({ ...known, peers: rest });
    return false;
  }

  /** Those closest to a target, the closest first. */
  nearest(target: Uint8Array, count: number, isWanted: (member: RoutedMember) => boolean = () => true): RoutedMember[] {
    return closestOf(target, this.byDid.values(), count, isWanted);
  }

  private renew(member: RoutedMember): void {
    const bucket = this.bucketOf(member.nodeId);
    bucket.members = [...bucket.members.filter(({ did }) => did !== member.did), member];
    this.byDid.set(member.did, member);
  }

  private replace(member: RoutedMember): void {
    const bucket = this.bucketOf(member.nodeId);
    bucket.members = bucket.members.map((other) => (other.did === member.did ? member : other));
    this.byDid.set(member.did, member);
  }

  private hasPlaceFor(bucket: Bucket, { group }: RoutedMember): boolean {
    return bucket.members.length < BUCKET_SIZE && (group === undefined || countOf(bucket, group) < MAX_OF_ONE_GROUP);
  }

  private bucketOf(nodeId: Uint8Array): Bucket {
    const bits = sharedBits(this.ownId, nodeId);
    const bucket = this.buckets.get(bits) ?? { members: [], replacements: [] };
    this.buckets.set(bits, bucket);
    return bucket;
  }
}

/** The `count` of the items that are closest to a target, the closest first. */
export function closestOf<Item extends Pick<Contact, 'nodeId'>>(target: Uint8Array, items: Iterable<Item>, count: number, isWanted: (item: Item) => boolean = () => true): Item[] {
  const best: Item[] = [];
  for (const item of items) {
    const last = best[count - 1];
    if (last !== undefined && compareDistance(target, item.nodeId, last.nodeId) >= 0) continue;
    if (!isWanted(item)) continue;
    let at = Math.min(best.length, count - 1);
    for (let before = best[at - 1]; before !== undefined && compareDistance(target, item.nodeId, before.nodeId) < 0; before = best[at - 1]) {
      best[at] = before;
      at -= 1;
    }
    if (at < count) best[at] = item;
  }
  return best;
}

function withPeer(peers: readonly RoutedPeer[], peer: RoutedPeer): readonly RoutedPeer[] {
  return [{ ...peer, addresses: peer.addresses.slice(0, MAX_ADDRESSES) }, ...peers.filter(({ peerId }) => peerId !== peer.peerId)].slice(0, MAX_PEERS);
}

function countOf(bucket: Bucket, group: string): number {
  return bucket.members.filter((member) => member.group === group).length;
}
