import { describe, expect, it } from '@jest/globals';
import { forEachAtMost } from './at-most.ts';

describe('forEachAtMost', () => {
  it('does all of the work, for no more than so many at once', async () => {
    let [working, most] = [0, 0];
    const done: number[] = [];
    await forEachAtMost(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('begins nothing more after a failure, and ends when nothing is at work', async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      await new Promise((resolve) => setImmediate(resolve));
      ended += 1;
      if (item === 1) throw new Error('broken');
    };
    await expect(forEachAtMost(2, [1, 2, 3, 4, 5], work)).rejects.toThrow('broken');
    expect(begun.length).toBeLessThan(5);
    expect(ended).toBe(begun.length);
  });

  it('does nothing for nothing', async () => {
    await forEachAtMost(2, [], () => Promise.reject(new Error('never')));
  });
});
