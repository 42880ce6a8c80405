import type { Clock } from '@carecord/core';
import type { ResolvedDid, StatusBook } from '@carecord/identity';
import type { Member } from '../ports.ts';

/** Proofs kept of peers that are not connected any more; above it the oldest go. Their keys check DHT values meanwhile. */
const MAX_PROVEN = 10_000;

/** Of them those of one member: more replicas than a hospital runs. Above it its own go, for no member may push out the proofs of others. */
const MAX_PROVEN_A_MEMBER = 32;

/** What the registry looks at. */
export interface MemberRegistryOptions {
  readonly clock: Clock;
  readonly statuses: Pick<StatusBook, 'standing'>;
  /** Whether the PeerId has an open connection now. */
  readonly isConnected: (peerId: string) => boolean;
}

/**
 * Who is who: what each PeerId has proven in its latest handshake, with its DID as it is known since. Every open connection has an
 * entry, because none comes into being without a proof; an entry outlives its connection and is worth nothing while too few
 * authorities stand by the member.
 */
export class MemberRegistry {
  private readonly byPeerId = new Map<string, Member>();
  private readonly byDid = new Map<string, Set<string>>();

  constructor(private readonly options: MemberRegistryOptions) {}

  /** Keeps what a handshake has proven. All peers of a DID have its newest history, whichever of them showed it. */
  prove(member: Member): void {
    const newest = this.newestOf(member.did);
    this.forget(member.peerId);
    this.byPeerId.set(member.peerId, newest !== undefined && newest.versionNumber > member.resolved.versionNumber ? { ...member, resolved: newest } : member);
    const peers = this.byDid.get(member.did) ?? new Set();
    this.byDid.set(member.did, peers.add(member.peerId));
    this.renew(member.resolved);
    if (peers.size > MAX_PROVEN_A_MEMBER) this.forgetOldest([...peers]);
    if (this.byPeerId.size > MAX_PROVEN) this.forgetOldest(this.byPeerId.keys());
  }

  /** Replaces a member's history by a newer one; an older one changes nothing. */
  renew(resolved: ResolvedDid): void {
    for (const peerId of this.byDid.get(resolved.did) ?? []) {
      const member = this.byPeerId.get(peerId);
      if (member !== undefined && member.resolved.versionNumber < resolved.versionNumber) this.byPeerId.set(peerId, { ...member, resolved });
    }
  }

  /** The member behind a PeerId; `undefined` when unknown, or when too few authorities stand by it now. */
  byPeer(peerId: string): Member | undefined {
    const member = this.byPeerId.get(peerId);
    return member !== undefined && this.isStanding(member) ? member : undefined;
  }

  /** Whether a DID is that of a member that has proven itself here, and stands. */
  stands(did: string): boolean {
    for (const peerId of this.byDid.get(did) ?? []) if (this.byPeer(peerId) !== undefined) return true;
    return false;
  }

  /** Those of the DID's peers that are members still, connected ones first. */
  peersOf(did: string): Member[] {
    const members = [...(this.byDid.get(did) ?? [])].flatMap((peerId) => this.byPeer(peerId) ?? []);
    return members.sort((one, other) => Number(this.options.isConnected(other.peerId)) - Number(this.options.isConnected(one.peerId)));
  }

  /** A connected peer of the DID. */
  connectedPeerOf(did: string): Member | undefined {
    const first = this.peersOf(did)[0];
    return first !== undefined && this.options.isConnected(first.peerId) ? first : undefined;
  }

  /** All members with an open connection. */
  connected(): Member[] {
    return [...this.byPeerId.keys()].flatMap((peerId) => (this.options.isConnected(peerId) ? (this.byPeer(peerId) ?? []) : []));
  }

  /** Those who were members once and are none now. */
  fallen(): Member[] {
    return [...this.byPeerId.values()].filter((member) => !this.isStanding(member));
  }

  /** Forgets what a PeerId has proven: it has to prove it again. */
  forget(peerId: string): void {
    const member = this.byPeerId.get(peerId);
    if (member === undefined) return;
    this.byPeerId.delete(peerId);
    const peers = this.byDid.get(member.did);
    peers?.delete(peerId);
    if (peers?.size === 0) this.byDid.delete(member.did);
  }

  private isStanding(member: Member): boolean {
    const now = this.options.clock.now();
    return member.membershipValidUntil > now && this.options.statuses.standing(member.membership, now) === 'standing';
  }

  private newestOf(did: string): ResolvedDid | undefined {
    const [peerId] = this.byDid.get(did) ?? [];
    return peerId === undefined ? undefined : this.byPeerId.get(peerId)?.resolved;
  }

  private forgetOldest(peerIds: Iterable<string>): void {
    for (const peerId of peerIds) {
      if (this.options.isConnected(peerId)) continue;
      this.forget(peerId);
      return;
    }
  }
}
