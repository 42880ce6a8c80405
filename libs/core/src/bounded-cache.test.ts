import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from './bounded-cache.ts';

describe('BoundedCache', () => {
  it('gives back what was put in, and lets go of what was used longest ago when all is too large', () => {
    const cache = new BoundedCache<number>({ size: 10 });
    cache.set('a', 1, 4);
    cache.set('b', 2, 4);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3, 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('lets go of what was used longest ago when there are too many', () => {
    const cache = new BoundedCache<number>({ entries: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('counts an entry that is put in again once, one that was deleted no more, and keeps none that is too large', () => {
    const cache = new BoundedCache<number>({ size: 10 });
    cache.set('a', 1, 6);
    cache.set('a', 2, 6);
    cache.set('b', 3, 4);
    cache.set('c', 4, 11);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([2, 3, undefined]);
    cache.delete('a');
    cache.set('d', 5, 6);
    expect([cache.get('a'), cache.get('b'), cache.get('d')]).toEqual([undefined, 3, 5]);
  });
});
