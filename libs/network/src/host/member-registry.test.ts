import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { ResolvedDid } from '@carecord/identity';
import type { Member } from '../ports.ts';
import { MemberRegistry } from './member-registry.ts';

function makeRegistry() {
  const clock = new ManualClock();
  const open = new Set<string>();
  const prove = (did: string, peerId: string, lifetime = 1_000): Member => {
    const membershipValidUntil = new Date(clock.now().getTime() + lifetime);
    const member = { did, peerId, membershipValidUntil, membership: { did }, resolved: { did, versionNumber: 1 } } as Member;
    registry.prove(member);
    return member;
  };
  /** DIDs by which too few authorities stand. */
  const fallen = new Set<string>();
  const statuses = { standing: ({ did }: { did: string }) => (fallen.has(did) ? 'revoked' : 'standing') } as const;
  const registry = new MemberRegistry({ clock, statuses, isConnected: (peerId) => open.has(peerId) });
  return { clock, fallen, open, prove, registry };
}

describe('MemberRegistry', () => {
  it('knows who has proven what, and who of them is connected', () => {
    const { open, prove, registry } = makeRegistry();
    const one = prove('did:a', 'peer-1');
    const two = prove('did:a', 'peer-2');
    open.add('peer-2');
    expect(registry.byPeer('peer-1')).toBe(one);
    expect(registry.peersOf('did:a')).toEqual([two, one]);
    expect(registry.connectedPeerOf('did:a')).toBe(two);
    expect(registry.connected()).toEqual([two]);
  });

  it('knows nobody who has proven nothing', () => {
    const { open, registry } = makeRegistry();
    open.add('peer-1');
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.connectedPeerOf('did:a')).toBeUndefined();
    expect(registry.connected()).toEqual([]);
  });

  it('forgets the oldest peers of a member that proves ever more of them, and nobody else\'s', () => {
    const { open, prove, registry } = makeRegistry();
    prove('did:b', 'other');
    open.add('peer-0');
    for (let at = 0; at < 100; at++) prove('did:a', `peer-${at}`);
    expect(registry.peersOf('did:a')).toHaveLength(32);
    expect(registry.byPeer('peer-0')).toBeDefined();
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.byPeer('peer-99')).toBeDefined();
    expect(registry.stands('did:b')).toBe(true);
  });

  it('takes nobody for a member whose membership has ended', () => {
    const { clock, open, prove, registry } = makeRegistry();
    prove('did:a', 'peer-1');
    open.add('peer-1');
    clock.advance(1_000);
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.connectedPeerOf('did:a')).toBeUndefined();
    expect(registry.connected()).toEqual([]);
  });

  it('takes nobody for a member by whom too few authorities stand, and again when they do', () => {
    const { fallen, open, prove, registry } = makeRegistry();
    const member = prove('did:a', 'peer-1');
    const other = prove('did:b', 'peer-2');
    open.add('peer-1').add('peer-2');
    fallen.add('did:a');
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.connected()).toEqual([other]);
    expect(registry.fallen()).toEqual([member]);
    fallen.clear();
    expect(registry.byPeer('peer-1')).toBe(member);
    expect(registry.fallen()).toEqual([]);
  });

  it('forgets who is cut off until it has proven itself again', () => {
    const { open, prove, registry } = makeRegistry();
    prove('did:a', 'peer-1');
    open.add('peer-1');
    registry.forget('peer-1');
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.peersOf('did:a')).toEqual([]);
    expect(prove('did:a', 'peer-1')).toBe(registry.byPeer('peer-1'));
  });

  it('has the newest history of a DID with all its peers, never an older one again', () => {
    const { prove, registry } = makeRegistry();
    prove('did:a', 'peer-1');
    prove('did:a', 'peer-2');
    prove('did:b', 'peer-3');
    const versions = (): (number | undefined)[] => ['peer-1', 'peer-2', 'peer-3', 'peer-4'].map((peerId) => registry.byPeer(peerId)?.resolved.versionNumber);
    registry.renew({ did: 'did:a', versionNumber: 3 } as ResolvedDid);
    expect(versions()).toEqual([3, 3, 1, undefined]);
    registry.renew({ did: 'did:a', versionNumber: 2 } as ResolvedDid);
    // A handshake that began before the others heard of the third version.
    prove('did:a', 'peer-4');
    expect(versions()).toEqual([3, 3, 1, 3]);
  });

  it('holds a PeerId to its latest proof', () => {
    const { prove, registry } = makeRegistry();
    prove('did:a', 'peer-1');
    const later = prove('did:b', 'peer-1');
    expect(registry.byPeer('peer-1')).toBe(later);
    expect(registry.peersOf('did:a')).toEqual([]);
  });

  it('forgets the oldest that are not connected when there are too many', () => {
    const { open, prove, registry } = makeRegistry();
    open.add('peer-0');
    for (let at = 0; at <= 10_000; at++) prove(`did:${at}`, `peer-${at}`);
    expect(registry.byPeer('peer-0')).toBeDefined();
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.byPeer('peer-10000')).toBeDefined();
  });
});
