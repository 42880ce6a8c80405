import { describe, expect, it } from '@jest/globals';
import { commonPrefix, drawIdentifiers, drawPoint } from './identifiers.ts';
import type { Identifiers, Point } from './identifiers.ts';
import { Random } from './random.ts';
import { RoutingTables } from './routing-tables.ts';

const BUCKET_SIZE = 20;
const NOBODY = 0xffff_ffff;

const idOf = (ids: Identifiers, node: number): Point => ({ high: ids.high[node] ?? 0, low: ids.low[node] ?? 0 });
const everybody = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, node) => node);
const tablesOf = (ids: Identifiers, established = everybody(ids.count), newcomers = new Uint32Array(0)): RoutingTables =>
  RoutingTables.build(ids, { established, newcomers }, BUCKET_SIZE, new Random(1, 'tables'));
const allOf = (tables: RoutingTables, node: number): number[] => Array.from({ length: 65 }, (_, bucket) => [...tables.bucket(node, bucket)]).flat();
const distance = (ids: Identifiers, node: number, point: Point): bigint =>
  (BigInt(((ids.high[node] ?? 0) ^ point.high) >>> 0) << 32n) | BigInt(((ids.low[node] ?? 0) ^ point.low) >>> 0);

describe('RoutingTables', () => {
  const ids = drawIdentifiers(250, new Random(5, 'ids'));
  const tables = tablesOf(ids);
  const nodes = [...everybody(ids.count)];
  /** Those with exactly so many leading bits in common with a node, by the definition. */
  const sharing = (node: number, bits: number): number[] => nodes.filter((other) => other !== node && commonPrefix(ids, other, idOf(ids, node)) === bits);

  it('has in each bucket different nodes with exactly so many common bits: all of them, or k', () => {
    for (let node = 0; node < ids.count; node += 1) {
      for (let bucket = 0; bucket < 12; bucket += 1) {
        const contacts = [...tables.bucket(node, bucket)];
        const there = sharing(node, bucket);
        expect(new Set(contacts).size).toBe(Math.min(BUCKET_SIZE, there.length));
        expect(contacts.every((contact) => there.includes(contact))).toBe(true);
      }
    }
  });

  it('knows everybody in a network of at most k and one', () => {
    const few = drawIdentifiers(BUCKET_SIZE + 1, new Random(6, 'ids'));
    const known = tablesOf(few);
    for (let node = 0; node < few.count; node += 1) expect(known.sizeOf(node)).toBe(BUCKET_SIZE);
  });

  it('answers with the k of its table that are closest, without whoever asks', () => {
    const random = new Random(9, 'points');
    const answer = new Uint32Array(BUCKET_SIZE);
    for (let at = 0; at < 100; at += 1) {
      const [node, point] = [random.below(ids.count), drawPoint(random)];
      const byDefinition = (asker: number): number[] =>
        allOf(tables, node)
          .filter((contact) => contact !== asker)
          .sort((left, right) => (distance(ids, left, point) < distance(ids, right, point) ? -1 : 1))
          .slice(0, BUCKET_SIZE);
      const [closest = NOBODY] = byDefinition(NOBODY);
      for (const asker of [NOBODY, closest]) {
        const count = tables.closest(node, point, answer, asker);
        expect([...answer.subarray(0, count)].sort()).toEqual(byDefinition(asker).sort());
      }
    }
  });

  it('draws full buckets from the whole of the other side', () => {
    const large = drawIdentifiers(4_000, new Random(8, 'ids'));
    const known = tablesOf(large);
    const chosen = new Uint32Array(large.count);
    for (let node = 0; node < large.count; node += 1) for (const contact of known.bucket(node, 0)) chosen[contact] = (chosen[contact] ?? 0) + 1;
    // Each is drawn 20 times on average: that one of 4,000 is never drawn has a probability below 10^-5.
    expect(Math.min(...chosen)).toBeGreaterThan(0);
    expect(Math.max(...chosen)).toBeLessThan(60);
  });

  it('knows newcomers where there is room, and nowhere else', () => {
    const newcomers = Uint32Array.from(nodes.filter((node) => node % 7 === 0));
    const established = Uint32Array.from(nodes.filter((node) => node % 7 !== 0));
    const known = tablesOf(ids, established, newcomers);
    for (let node = 0; node < ids.count; node += 1) {
      for (let bucket = 0; bucket < 12; bucket += 1) {
        const there = sharing(node, bucket);
        const before = there.filter((other) => other % 7 !== 0).length;
        const contacts = [...known.bucket(node, bucket)];
        expect(contacts).toHaveLength(Math.min(BUCKET_SIZE, there.length));
        expect(contacts.filter((contact) => contact % 7 === 0)).toHaveLength(Math.max(0, Math.min(BUCKET_SIZE, there.length) - before));
      }
    }
  });
});
