import { describe, expect, it } from '@jest/globals';
import { Patience } from './patience.ts';

describe('Patience', () => {
  const after = (...answers: number[]): number => {
    const patience = new Patience();
    for (const milliseconds of answers) patience.answered(milliseconds);
    return patience.milliseconds;
  };

  it('is three seconds before anybody has answered, and one where answers come fast', () => {
    expect(after()).toBe(3_000);
    expect(after(20, 30, 25)).toBe(1_000);
  });

  it('grows with the time that answers take, and with how much that varies, up to the query limit', () => {
    expect(after(...Array.from({ length: 50 }, () => 1_500))).toBeCloseTo(1_500, -2);
    expect(after(...Array.from({ length: 50 }, (_, at) => (at % 2) * 2_000))).toBeGreaterThan(3_000);
    expect(after(9_000, 9_000)).toBe(10_000);
  });
});
