import { describe, expect, it } from '@jest/globals';
import { parametersOf } from './parameters.ts';
import { simulate } from './simulate.ts';
import { bitsPerHop, expectedHops } from './theory.ts';

describe('expectedHops', () => {
  it('is one in a network where everybody knows everybody', () => {
    for (const nodes of [2, 8, 16]) expect(expectedHops(nodes, 20)).toBeCloseTo(1, 4);
  });

  it('grows by one hop each time the network grows by as many bits as a hop gains', () => {
    const growth = 2 ** bitsPerHop(20);
    expect(expectedHops(1e6 * growth, 20) - expectedHops(1e6, 20)).toBeCloseTo(1, 1);
  });

  it('gains 1/2 + H_k / ln 2 bits a hop', () => {
    for (const bucketSize of [8, 20, 64]) {
      const harmonic = Array.from({ length: bucketSize }, (_, at) => 1 / (at + 1)).reduce((sum, term) => sum + term, 0);
      expect(bitsPerHop(bucketSize)).toBeCloseTo(0.5 + harmonic / Math.LN2, 3);
    }
  });

  it('is less for larger buckets and for more answers to choose from', () => {
    expect(expectedHops(1e6, 40)).toBeLessThan(expectedHops(1e6, 20));
    expect(expectedHops(1e6, 20, 9)).toBeLessThan(expectedHops(1e6, 20));
  });

  it.each([
    [1_000, 20],
    [10_000, 20],
    [10_000, 5],
    [10_000, 60],
  ])('says within 5%% what one greedy chain takes among %d nodes with buckets of %d', (nodes, bucketSize) => {
    const greedy = { paths: 1, parallel: 1, arrived: 1, finalParallel: 1 };
    const { hops } = simulate(parametersOf({ nodes, bucketSize, lookups: 2_000, lookupMilliseconds: 600_000, ...greedy }));
    expect(Math.abs(hops.mean / expectedHops(nodes, bucketSize) - 1)).toBeLessThan(0.05);
  });

  it.each([1_000, 10_000, 100_000])('is exceeded by less than 20%% by the real parameters among %d nodes, which cannot beat the least in parallel', (nodes) => {
    const { hops, expectedHops: expected } = simulate(parametersOf({ nodes, lookups: 1_000 }));
    expect(hops.mean).toBeLessThan(1.2 * expected.greedy);
    expect(hops.mean).toBeGreaterThan(expected.leastInParallel);
  });
});
