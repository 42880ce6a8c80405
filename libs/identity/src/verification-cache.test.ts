import { describe, expect, it } from '@jest/globals';
import { VerificationCache } from './verification-cache.ts';

describe('VerificationCache', () => {
  it('gives back what was put in, and lets go of what was used longest ago', () => {
    const cache = new VerificationCache<number>(10);
    cache.set('a', 1, 4);
    cache.set('b', 2, 4);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3, 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('counts an entry that is put in again once, and keeps none that is too large', () => {
    const cache = new VerificationCache<number>(10);
    cache.set('a', 1, 6);
    cache.set('a', 2, 6);
    cache.set('b', 3, 4);
    cache.set('c', 4, 11);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([2, 3, undefined]);
  });
});
