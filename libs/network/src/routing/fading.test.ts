import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { Fading } from './fading.ts';

describe('Fading', () => {
  it('is true of a member for a while, or until it is taken back', () => {
    const clock = new ManualClock();
    const gone = new Fading(1_000, clock);
    gone.add('a');
    gone.add('b');
    gone.delete('b');
    expect([gone.has('a'), gone.has('b'), gone.has('c')]).toEqual([true, false, false]);
    clock.advance(999);
    expect(gone.has('a')).toBe(true);
    gone.add('a');
    clock.advance(1);
    expect(gone.has('a')).toBe(true);
    clock.advance(999);
    expect(gone.has('a')).toBe(false);
  });
});
