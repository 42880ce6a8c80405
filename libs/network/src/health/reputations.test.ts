import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { Observation } from './ports.ts';
import { Reputations } from './reputations.ts';

const HOUR = 60 * 60 * 1000;
const answered = { kind: 'answered', milliseconds: 10 } as const;

function observed(...observations: readonly Observation[]) {
  const clock = new ManualClock();
  const reputations = new Reputations(clock);
  for (const observation of observations) reputations.observe('a', observation);
  return { clock, reputations };
}

describe('Reputations', () => {
  it('think well of a member of whom nothing is known, and of one that answers', () => {
    const { reputations } = observed(answered, answered);
    expect([reputations.reputation('a'), reputations.reputation('unknown')]).toEqual([1, 1]);
    expect([reputations.isShunned('a'), reputations.isShunned('unknown')]).toEqual([false, false]);
  });

  it.each<[Observation['kind'], number]>([
    ['timeout', 5],
    ['unreachable', 5],
    ['malformed', 2],
    ['invalid-value', 2],
    ['broken-promise', 3],
    ['flood', 3],
  ])('shun a member that did nothing but %s after %i times, and not before', (kind, times) => {
    const { reputations } = observed();
    for (let time = 1; time <= times; time++) {
      expect(reputations.isShunned('a')).toBe(false);
      reputations.observe('a', { kind } as Observation);
    }
    expect(reputations.isShunned('a')).toBe(true);
  });

  it('forgive with time', () => {
    const { clock, reputations } = observed({ kind: 'malformed' }, { kind: 'malformed' }, { kind: 'malformed' });
    const before = reputations.reputation('a');
    clock.advance(HOUR);
    expect(before).toBeLessThan(0.2);
    expect(reputations.reputation('a')).toBeGreaterThan(0.9);
    expect(reputations.isShunned('a')).toBe(false);
  });

  it('let nobody save up good answers for misbehaviour', () => {
    const { reputations } = observed(...Array.from({ length: 10_000 }, () => answered));
    for (let time = 0; time < 8; time++) reputations.observe('a', { kind: 'invalid-value' });
    expect(reputations.isShunned('a')).toBe(true);
  });

  it('stay between nothing and all, whatever is seen', () => {
    const kinds = ['answered', 'timeout', 'unreachable', 'malformed', 'invalid-value', 'broken-promise', 'flood'] as const;
    const observation = fc.constantFrom(...kinds).map((kind): Observation => (kind === 'answered' ? answered : { kind }));
    fc.assert(
      fc.property(fc.array(fc.tuple(observation, fc.integer({ min: -HOUR, max: HOUR })), { maxLength: 50 }), (seen) => {
        const { clock, reputations } = observed();
        for (const [what, pause] of seen) {
          clock.advance(pause);
          reputations.observe('a', what);
          expect(reputations.reputation('a')).toBeGreaterThanOrEqual(0);
          expect(reputations.reputation('a')).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('smooth the time that answers take', () => {
    const { reputations } = observed({ kind: 'answered', milliseconds: 80 }, { kind: 'answered', milliseconds: 160 });
    expect(reputations.latency('a')).toBe(90);
    reputations.observe('a', { kind: 'timeout' });
    expect(reputations.latency('a')).toBe(90);
    expect(reputations.latency('unknown')).toBeUndefined();
  });

  it('are kept of a bounded number of members, those seen last', () => {
    const { reputations } = observed();
    for (let number = 0; number <= 10_000; number++) for (let time = 0; time < 2; time++) reputations.observe(`m${number}`, { kind: 'malformed' });
    expect([reputations.isShunned('m0'), reputations.isShunned('m1'), reputations.isShunned('m10000')]).toEqual([false, true, true]);
  });
});
