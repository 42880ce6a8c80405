import { describe, expect, it } from '@jest/globals';
import { parametersOf } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { simulate } from './simulate.ts';
import type { SimulationResult } from './simulate.ts';

const run = (chosen: Partial<Parameters>): SimulationResult => simulate(parametersOf({ nodes: 1_000, lookups: 300, ...chosen }));

describe('simulate', () => {
  it('gives the same for the same seed, whatever else goes wrong in it, and something else for another', () => {
    const troubled = { lossShare: 0.02, maliciousShare: 0.1, blackHoledShare: 0.1, deadShare: 0.1, sessionHours: 6, regions: 'world' } as const;
    expect(run(troubled)).toEqual(run(troubled));
    expect(run({ ...troubled, seed: 2 }).queries.mean).not.toBe(run(troubled).queries.mean);
  });

  it.each([16, 21, 64, 300, 3_000])('finds the truly closest members among %d when nothing goes wrong', (nodes) => {
    const { found, closestFound, allFound, incomplete } = run({ nodes });
    expect({ found, closestFound, allFound, incomplete }).toEqual({ found: 1, closestFound: 1, allFound: 1, incomplete: 0 });
  });

  it('takes the questions that a lookup needs: everybody else in a small network, 20 and some on the way in a larger one', () => {
    expect(run({ nodes: 16 }).queries).toMatchObject({ mean: 15, most: 15 });
    const { queries } = run({ nodes: 3_000 });
    expect(queries.mean).toBeGreaterThan(20);
    expect(queries.mean).toBeLessThan(40);
  });

  it('finds nothing when all are dead, and nobody asks when nobody is honest', () => {
    expect(run({ deadShare: 1 })).toMatchObject({ nodesAlive: 0, lookups: 0, found: 0, closestFound: 0 });
    expect(run({ maliciousShare: 1 })).toMatchObject({ lookups: 0, found: 0 });
  });

  it('finds nothing but the own copies when every message is lost', () => {
    const { found, hops, incomplete, queries } = run({ lossShare: 1 });
    // One of 1,000 nodes is among the five closest to a place in one of 200 cases.
    expect(found).toBeLessThan(0.02);
    expect({ hops: hops.most, questions: queries.most, incomplete }).toEqual({ hops: 0, questions: 20, incomplete: 1 });
  });

  it('loses what all keepers took with them, and no more', () => {
    const { found } = run({ deadShare: 0.5, replication: 3, lookups: 1_000, lookupMilliseconds: 600_000 });
    // 1 - 0.5^3, within three standard errors.
    expect(Math.abs(found - 0.875)).toBeLessThan(0.032);
  });

  it('gets by with a fifth of liars, withholders or garbage, and not as well with all of them lying', () => {
    for (const malice of ['liar', 'withholder', 'garbage'] as const) expect(run({ maliciousShare: 0.2, malice }).found).toBeGreaterThan(0.98);
    expect(run({ maliciousShare: 0.9, malice: 'liar' }).found).toBeLessThan(0.5);
  });

  it('needs disjoint paths against liars', () => {
    const under = { maliciousShare: 0.4, malice: 'liar' } as const;
    expect(run({ ...under, paths: 3 }).closestFound).toBeGreaterThan(run({ ...under, paths: 1, parallel: 1, arrived: 1 }).closestFound);
  });

  it('waits where members do not answer, and asks others meanwhile', () => {
    const [well, troubled] = [run({}), run({ blackHoledShare: 0.4 })];
    expect(troubled.lookupMilliseconds.median).toBeGreaterThan(well.lookupMilliseconds.median + 900);
    expect(troubled.queries.mean).toBeGreaterThan(well.queries.mean);
    expect(troubled.found).toBeGreaterThan(0.95);
  });

  it('takes longer over the world than in one building', () => {
    expect(run({ regions: 'world' }).lookupMilliseconds.mean).toBeGreaterThan(5 * run({ regions: 'building' }).lookupMilliseconds.mean);
  });

  it('has as many nodes during churn as before, and finds values that some keepers have left', () => {
    const result = run({ sessionHours: 6 });
    expect(result.nodesAlive).toBe(1_000);
    expect(result.found).toBeGreaterThan(0.99);
  });

  it('counts each question and each copy once', () => {
    const { load, storage, queries, parameters, lookups } = run({});
    expect(load.mean * parameters.nodes).toBeCloseTo(queries.mean * lookups, 6);
    expect(storage.mean * parameters.nodes).toBeCloseTo(parameters.replication * lookups, 6);
    expect(load.lorenz).toHaveLength(21);
    expect([load.lorenz[0], load.lorenz.at(-1)]).toEqual([0, 1]);
  });

  it('reports how far it is', () => {
    const shares: number[] = [];
    simulate(parametersOf({ nodes: 100, lookups: 1_000 }), (share) => shares.push(share));
    expect(shares).toEqual([0.5, 1]);
  });
});
