import { describe, expect, it } from '@jest/globals';
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { Libp2p } from '@libp2p/interface';
import { acquaintancesOf } from './acquaintances.ts';
import { relaysAmong } from './relay-candidates.ts';

const peer = (id: string, addresses: number, ...protocols: string[]) => ({
  id: { toString: () => id },
  addresses: Array.from({ length: addresses }, (_, number) => ({ multiaddr: { toString: () => `/ip4/10.0.0.1/tcp/${number}` } })),
  protocols,
});

/** A node that has met these peers and is connected with some. */
const nodeWith = (met: ReturnType<typeof peer>[], connected: string[] = []): Libp2p =>
  ({ getConnections: () => connected.map((id) => ({ remotePeer: { toString: () => id } })), peerStore: { all: () => Promise.resolve(met) } }) as unknown as Libp2p;

describe('acquaintancesOf', () => {
  it('names peers that were met and are lost, with some of their addresses', async () => {
    const node = nodeWith([peer('lost', 3), peer('connected', 1), peer('routed', 1), peer('nowhere', 0)], ['connected']);
    expect(await acquaintancesOf({ node, isRouted: (peerId) => peerId === 'routed' })).toEqual(['/ip4/10.0.0.1/tcp/0/p2p/lost', '/ip4/10.0.0.1/tcp/1/p2p/lost']);
  });

  it('names eight at a time, others the next time', async () => {
    const node = nodeWith(Array.from({ length: 50 }, (_, number) => peer(`p${number}`, 1)));
    const rounds = await Promise.all(Array.from({ length: 20 }, () => acquaintancesOf({ node, isRouted: () => false })));
    expect(rounds.every((round) => round.length === 8)).toBe(true);
    expect(new Set(rounds.flat()).size).toBeGreaterThan(20);
  });
});

describe('relaysAmong', () => {
  it('finds members that said so on their connection or in their advert, each once, and nobody else', async () => {
    const node = nodeWith([peer('relay', 1, RELAY_V2_HOP_CODEC), peer('plain', 1), peer('fallen', 1, RELAY_V2_HOP_CODEC)]);
    const advertised = [
      { did: 'did:of-relay', addresses: ['old'], capabilities: ['relay'] },
      { did: 'did:other', addresses: ['address'], capabilities: ['relay'] },
      { did: 'did:none', addresses: ['address'], capabilities: [] },
    ];
    const memberOf = (peerId: string): string | undefined => (peerId === 'fallen' ? undefined : `did:of-${peerId}`);
    expect(await relaysAmong({ node, memberOf, advertised })).toEqual([
      { did: 'did:of-relay', addresses: ['/ip4/10.0.0.1/tcp/0/p2p/relay'] },
      { did: 'did:other', addresses: ['address'] },
    ]);
  });
});
