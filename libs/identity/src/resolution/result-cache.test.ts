import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { failedResult, foundResult } from './result.ts';
import { ResultCache } from './result-cache.ts';

const clock = new ManualClock();
const found = foundResult({ id: 'did:web:a.example' }, {});

describe('ResultCache', () => {
  it('lets go of what was used longest ago when there are too many', () => {
    const cache = new ResultCache(clock, 2);
    cache.keep('a', found);
    cache.keep('b', found);
    expect(cache.find('a')).toBe(found);
    cache.keep('c', found);
    expect([cache.find('a'), cache.find('b'), cache.find('c')]).toEqual([found, undefined, found]);
  });

  it('lets go of the oldest when they are too large together, and never keeps one that is too large alone', () => {
    const cache = new ResultCache(clock, 100, 300);
    for (const name of ['a', 'b', 'c', 'd']) cache.keep(name, found);
    expect(cache.find('a')).toBeUndefined();
    expect(cache.find('d')).toBe(found);
    cache.keep('e', foundResult({ id: 'x'.repeat(300) }, {}));
    expect(cache.find('e')).toBeUndefined();
    expect(cache.find('d')).toBe(found);
  });

  it('keeps failures for half a minute and finds for five', () => {
    const cache = new ResultCache(clock);
    cache.keep('failed', failedResult('notFound', 'No.'));
    cache.keep('found', found);
    clock.advance(29_999);
    expect(cache.find('failed')).toBeDefined();
    clock.advance(1);
    expect(cache.find('failed')).toBeUndefined();
    clock.advance(5 * 60_000 - 30_001);
    expect(cache.find('found')).toBe(found);
    clock.advance(1);
    expect(cache.find('found')).toBeUndefined();
  });
});
