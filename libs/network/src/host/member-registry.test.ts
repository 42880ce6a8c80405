import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { Member } from '../ports.ts';
import { MemberRegistry } from './member-registry.ts';

function makeRegistry() {
  const clock = new ManualClock();
  const open = new Set<string>();
  const prove = (did: string, peerId: string, lifetime = 1_000): Member => {
    const member = { did, peerId, membershipValidUntil: new Date(clock.now().getTime() + lifetime) } as Member;
    registry.prove(member);
    return member;
  };
  const registry = new MemberRegistry(clock, (peerId) => open.has(peerId));
  return { clock, open, prove, registry };
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

  it('takes nobody for a member whose membership has ended', () => {
    const { clock, open, prove, registry } = makeRegistry();
    prove('did:a', 'peer-1');
    open.add('peer-1');
    clock.advance(1_000);
    expect(registry.byPeer('peer-1')).toBeUndefined();
    expect(registry.connectedPeerOf('did:a')).toBeUndefined();
    expect(registry.connected()).toEqual([]);
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
