import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closestNodes, commonPrefix, drawIdentifiers, drawPoint, sortedIdentifiers, splitAt } from './identifiers.ts';
import type { Identifiers, Point } from './identifiers.ts';
import { Random } from './random.ts';

const bigIdOf = (ids: Identifiers, node: number): bigint => (BigInt(ids.high[node] ?? 0) << 32n) | BigInt(ids.low[node] ?? 0);
const bigPoint = ({ high, low }: Point): bigint => (BigInt(high) << 32n) | BigInt(low);
/** By the definition: XOR as one number, all nodes sorted. */
const closestByDefinition = (ids: Identifiers, point: Point, wanted: number, counts: Uint8Array): number[] =>
  Array.from({ length: ids.count }, (_, node) => ({ node, distance: bigIdOf(ids, node) ^ bigPoint(point) }))
    .filter(({ node }) => counts[node] === 1)
    .sort((left, right) => (left.distance < right.distance ? -1 : 1))
    .slice(0, wanted)
    .map(({ node }) => node);

const idSets = fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 60 });
const points = fc.record({ high: fc.nat(0xffff_ffff), low: fc.nat(0xffff_ffff) });

describe('identifiers', () => {
  it('are sorted, and each is there once', () => {
    const ids = drawIdentifiers(500, new Random(1, 'ids'));
    for (let node = 1; node < ids.count; node += 1) expect(bigIdOf(ids, node)).toBeGreaterThan(bigIdOf(ids, node - 1));
  });

  it('finds the closest nodes as their definition does, whoever counts', () => {
    fc.assert(
      fc.property(idSets, points, fc.integer({ min: 1, max: 25 }), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (values, point, wanted, flags) => {
        const ids = sortedIdentifiers(BigUint64Array.from(values));
        const counts = Uint8Array.from({ length: ids.count }, (_, node) => (flags[node] === true ? 1 : 0));
        expect(closestNodes(ids, point, wanted, counts)).toEqual(closestByDefinition(ids, point, wanted, counts));
      }),
    );
  });

  it('counts common leading bits as their definition does', () => {
    fc.assert(
      fc.property(idSets, points, (values, point) => {
        const ids = sortedIdentifiers(BigUint64Array.from(values));
        for (let node = 0; node < ids.count; node += 1) {
          const distance = bigIdOf(ids, node) ^ bigPoint(point);
          expect(commonPrefix(ids, node, point)).toBe(distance === 0n ? 64 : 64 - distance.toString(2).length);
        }
      }),
    );
  });

  it('splits at the first id whose bit is set', () => {
    const ids = sortedIdentifiers(BigUint64Array.from([0n, 1n << 62n, 1n << 63n, (1n << 63n) + 1n, (1n << 63n) + (1n << 31n)]));
    expect(splitAt(ids, 0, 5, 0)).toBe(2);
    expect(splitAt(ids, 0, 2, 1)).toBe(1);
    expect(splitAt(ids, 2, 5, 32)).toBe(4);
    expect(splitAt(ids, 2, 4, 5)).toBe(4);
  });

  it('draws points over the whole key space', () => {
    const random = new Random(3, 'points');
    const halves = Array.from({ length: 1_000 }, () => drawPoint(random)).filter(({ high }) => high >= 2 ** 31).length;
    expect(halves).toBeGreaterThan(430);
    expect(halves).toBeLessThan(570);
  });
});
