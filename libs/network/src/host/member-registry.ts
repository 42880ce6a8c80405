import type { Clock } from '@carecord/core';
import type { Member } from '../ports.ts';

/** Proofs kept of peers that are not connected any more; above it the oldest go. Their keys check DHT values meanwhile. */
const MAX_PROVEN = 10_000;

/**
 * Who is who: what each PeerId has proven in its latest handshake. Every open connection has an entry, because none comes
 * into being without a proof; an entry outlives its connection and is worth nothing once the membership has ended.
 */
export class MemberRegistry {
  private readonly byPeerId = new Map<string, Member>();
  private readonly byDid = new Map<string, Set<string>>();

  /** @param isConnected whether the PeerId has an open connection now */
  constructor(
    private readonly clock: Clock,
    private readonly isConnected: (peerId: string) => boolean,
  ) {}

  /** Keeps what a handshake has proven. */
  prove(member: Member): void {
    this.forget(member.peerId);
    this.byPeerId.set(member.peerId, member);
    const peers = this.byDid.get(member.did) ?? new Set();
    this.byDid.set(member.did, peers.add(member.peerId));
    if (this.byPeerId.size > MAX_PROVEN) this.forgetOldest();
  }

  /** The member behind a PeerId; `undefined` when unknown, or when its membership has ended since. */
  byPeer(peerId: string): Member | undefined {
    const member = this.byPeerId.get(peerId);
    return member !== undefined && member.membershipValidUntil > this.clock.now() ? member : undefined;
  }

  /** Those of the DID's peers that are members still, connected ones first. */
  peersOf(did: string): Member[] {
    const members = [...(this.byDid.get(did) ?? [])].flatMap((peerId) => this.byPeer(peerId) ?? []);
    return members.sort((one, other) => Number(this.isConnected(other.peerId)) - Number(this.isConnected(one.peerId)));
  }

  /** A connected peer of the DID. */
  connectedPeerOf(did: string): Member | undefined {
    const first = this.peersOf(did)[0];
    return first !== undefined && this.isConnected(first.peerId) ? first : undefined;
  }

  /** All members with an open connection. */
  connected(): Member[] {
    return [...this.byPeerId.keys()].flatMap((peerId) => (this.isConnected(peerId) ? (this.byPeer(peerId) ?? []) : []));
  }

  private forget(peerId: string): void {
    const member = this.byPeerId.get(peerId);
    if (member === undefined) return;
    this.byPeerId.delete(peerId);
    const peers = this.byDid.get(member.did);
    peers?.delete(peerId);
    if (peers?.size === 0) this.byDid.delete(member.did);
  }

  private forgetOldest(): void {
    for (const peerId of this.byPeerId.keys()) {
      if (this.isConnected(peerId)) continue;
      this.forget(peerId);
      return;
    }
  }
}
