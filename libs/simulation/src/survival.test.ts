import { describe, expect, it } from '@jest/globals';
import { COMPARED_REPLICATIONS, simulateKills } from './kills.ts';
import { parametersOf } from './parameters.ts';
import { simulateSurvival } from './survival.ts';

describe('simulateSurvival', () => {
  const churn = parametersOf({ nodes: 500, sessionHours: 2, repairMinutes: 60, republishHours: 12 });
  const moments = simulateSurvival(churn, { hours: 24, values: 400 });

  it('keeps (1 - p^r)^n of the values after n intervals in which each member leaves with probability p', () => {
    const leaving = 1 - Math.exp(-1 / 2);
    for (const hours of [1, 6, 24]) {
      for (const [which, replication] of COMPARED_REPLICATIONS.entries()) {
        const expected = (1 - leaving ** replication) ** hours;
        // Values that stand with the same members are lost together, so the error is larger than that of 400 single ones.
        const error = Math.sqrt((expected * (1 - expected)) / 100) + 0.01;
        expect(Math.abs((moments[hours - 1]?.kept[which] ?? 0) - expected)).toBeLessThan(4 * error);
      }
    }
  });

  it('has all values again after owners have published them', () => {
    const [before, after] = [moments[11], moments[12]];
    expect(before?.readable[0]).toBeLessThan(0.75);
    expect(after?.readable[0]).toBeGreaterThan(0.85);
    for (const { kept, readable } of moments) for (const which of COMPARED_REPLICATIONS.keys()) expect(readable[which]).toBeGreaterThanOrEqual(kept[which] ?? 0);
  });

  it('never has a value again that nobody publishes', () => {
    for (const [at, { kept }] of moments.entries()) for (const which of COMPARED_REPLICATIONS.keys()) expect(kept[which]).toBeLessThanOrEqual(moments[at - 1]?.kept[which] ?? 1);
  });

  it('gives the same for the same seed', () => {
    expect(simulateSurvival(churn, { hours: 3, values: 50 })).toEqual(simulateSurvival(churn, { hours: 3, values: 50 }));
  });

  it('needs to know how long members stay', () => {
    expect(() => simulateSurvival(parametersOf({}), { hours: 1, values: 1 })).toThrow('sessionHours must be given');
  });
});

describe('simulateKills', () => {
  const results = simulateKills(parametersOf({ nodes: 1_000, lookups: 600, lookupMilliseconds: 600_000 }));

  it('reads what 1 - dead^r says; when most are dead, at most that: then lookups miss some of those that are left', () => {
    for (const { deadShare, found, expected } of results) {
      for (const [which, share] of expected.entries()) {
        const error = Math.sqrt((share * (1 - share)) / 600) + 0.002;
        expect(found[which]).toBeLessThan(share + 4 * error);
        if (deadShare <= 0.5) expect(found[which]).toBeGreaterThan(share - 4 * error);
      }
    }
  });

  it('reads everything while all are there, and never more from fewer copies', () => {
    expect(results[0]?.found).toEqual([1, 1, 1, 1]);
    for (const { found } of results) expect([...found].sort((left, right) => left - right)).toEqual(found);
  });
});
