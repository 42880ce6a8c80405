import { describe, expect, it } from '@jest/globals';
import { Random } from './random.ts';

const draws = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.uint32());

describe('Random', () => {
  it('gives the same numbers for the same seed and stream, on every machine', () => {
    expect(draws(new Random(1, 'ids'))).toEqual(draws(new Random(1, 'ids')));
    expect(draws(new Random(1, 'ids'), 4)).toEqual([3585805473, 4254909361, 3076163335, 4061773666]);
  });

  it('gives others for another seed, a seed that differs above 32 bits, and another stream', () => {
    const first = draws(new Random(1, 'ids'));
    for (const other of [new Random(2, 'ids'), new Random(2 ** 40 + 1, 'ids'), new Random(1, 'tables')]) expect(draws(other)).not.toEqual(first);
  });

  it('is uniform: each of ten classes gets a tenth, by the chi-square test at 99.9%', () => {
    const random = new Random(7, 'test');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw += 1) {
      const drawn = random.below(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('draws exponential times with the mean that was asked for', () => {
    const random = new Random(7, 'times');
    let sum = 0;
    for (let draw = 0; draw < 100_000; draw += 1) sum += random.exponential(12);
    expect(sum / 100_000).toBeGreaterThan(11.8);
    expect(sum / 100_000).toBeLessThan(12.2);
  });
});
