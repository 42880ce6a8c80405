import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareDistance, nodeIdOf, sharedBits } from './node-id.ts';
import { BUCKET_SIZE, closestOf, MAX_OF_ONE_GROUP, RoutingTable } from './routing-table.ts';

const OWN = 'did:example:own';
const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const peerOf = (did: string): { peerId: string; addresses: string[] } => ({ peerId: `peer of ${did}`, addresses: [`address of ${did}`] });
const bitsOf = (did: string): number => sharedBits(nodeIdOf(OWN), nodeIdOf(did));
/** DIDs that fall into the bucket of those that share no bit with us. */
const FAR = Array.from({ length: 200 }, (_, number) => `did:example:${number}`).filter((did) => bitsOf(did) === 0);
const far = (number: number): string => FAR[number] ?? '';

function filled(count: number, group?: string): RoutingTable {
  const table = new RoutingTable(OWN);
  for (let number = 0; number < count; number++) table.add(far(number), peerOf(far(number)), group, at(number));
  return table;
}

describe('RoutingTable', () => {
  it('takes members up, once each, and never ourselves nor who cannot be dialled', () => {
    const table = new RoutingTable(OWN);
    expect(table.add(far(0), peerOf(far(0)), undefined, at(0))).toEqual({ kind: 'in-table', isNew: true });
    expect(table.add(far(0), peerOf(far(0)), undefined, at(1))).toEqual({ kind: 'in-table', isNew: false });
    table.add(OWN, peerOf(OWN), undefined, at(0));
    table.add(far(1), { peerId: 'x', addresses: [] }, undefined, at(0));
    expect(table.members().map(({ did }) => did)).toEqual([far(0)]);
    expect([table.size, table.bucketCount, table.sizeOfBucket(0), table.deepestBucket()]).toEqual([1, 1, 1, 0]);
  });

  it('keeps some peers of one member, which has one place whatever their number', () => {
    const table = new RoutingTable(OWN);
    for (let number = 0; number < 9; number++) table.add(far(0), { peerId: `p${number}`, addresses: Array.from({ length: 12 }, () => 'a') }, undefined, at(number));
    expect(table.get(far(0))?.peers.map(({ peerId }) => peerId)).toEqual(['p8', 'p7', 'p6', 'p5']);
    expect(table.get(far(0))?.peers[0]?.addresses).toHaveLength(8);
    for (const peerId of ['p8', 'p7', 'p6']) expect(table.removePeer(far(0), peerId)).toBe(false);
    expect(table.removePeer(far(0), 'p5')).toBe(true);
    expect(table.size).toBe(0);
  });

  it('lets nobody push out who was there before: the newcomer waits for the one heard from longest ago', () => {
    const table = filled(BUCKET_SIZE);
    expect(table.add(far(20), peerOf(far(20)), undefined, at(30))).toMatchObject({ kind: 'waits', oldest: { did: far(0) } });
    expect(table.get(far(20))).toBeUndefined();
    table.answered(far(0), at(31));
    expect(table.add(far(21), peerOf(far(21)), undefined, at(32))).toMatchObject({ kind: 'waits', oldest: { did: far(1) } });
    expect(table.remove(far(1))).toBe(true);
    // The one that came last takes the place.
    expect([table.size, table.get(far(21))?.did, table.get(far(20))]).toEqual([BUCKET_SIZE, far(21), undefined]);
    expect(table.remove(far(2))).toBe(true);
    expect(table.get(far(20))?.did).toBe(far(20));
  });

  it('has a bounded number of newcomers wait, and forgets one that is removed', () => {
    const table = filled(BUCKET_SIZE);
    for (let number = 20; number < 80; number++) table.add(far(number), peerOf(far(number)), undefined, at(number));
    expect(table.remove(far(79))).toBe(false);
    for (let number = 0; number < BUCKET_SIZE; number++) table.remove(far(number));
    expect(table.members().map(({ did }) => did).sort()).toEqual(Array.from({ length: 9 }, (_, index) => far(70 + index)).sort());
  });

  it('holds few members of one part of the internet in a bucket, and any number of those whose address says nothing', () => {
    const table = filled(MAX_OF_ONE_GROUP, '198.51.0.0/16');
    expect(table.add(far(10), peerOf(far(10)), '198.51.0.0/16', at(20))).toMatchObject({ kind: 'waits', oldest: { did: far(0) } });
    expect(table.add(far(11), peerOf(far(11)), '203.0.0.0/16', at(20))).toMatchObject({ isNew: true });
    for (let number = 12; number < 20; number++) expect(table.add(far(number), peerOf(far(number)), undefined, at(20))).toMatchObject({ isNew: true });
    expect(table.size).toBe(MAX_OF_ONE_GROUP + 9);
    table.remove(far(11));
    // A free place that the one who waits may not have.
    expect(table.get(far(10))).toBeUndefined();
    table.remove(far(0));
    expect(table.get(far(10))?.did).toBe(far(10));
  });

  it('gives the closest of those that are wanted', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), { selector: String, maxLength: 60 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 1, max: 25 }), (ids, target, count) => {
        const items = ids.map((nodeId, number) => ({ did: `did:example:${number}`, nodeId }));
        const isWanted = ({ nodeId }: { nodeId: Uint8Array }): boolean => (nodeId[31] ?? 0) % 3 !== 0;
        const expected = items.filter(isWanted).sort((one, other) => compareDistance(target, one.nodeId, other.nodeId)).slice(0, count);
        expect(closestOf(target, items, count, isWanted)).toEqual(expected);
      }),
    );
  });
});
