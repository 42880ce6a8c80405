import { describe, expect, it } from '@jest/globals';
import type { GivenValue } from './answer-check.ts';
import { OpenPlace } from './open-place.ts';
import { text } from './values.fixture.ts';

const CANDIDATES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const given = (owner: string, sequence: number): GivenValue => ({ namespace: 'note', key: text('k'), value: text(`${owner}:${sequence}`), meta: { owner, sequence, expiresAt: new Date(0) } });
const open = (quorum: number, candidates = CANDIDATES): OpenPlace => new OpenPlace({ kind: 'note', key: text('k') }, new Uint8Array(32), candidates, quorum, 5, 'self');

describe('OpenPlace', () => {
  it('asks one more than it needs, and the next ones when some fail or are slow', () => {
    const place = open(2);
    expect(place.takeNext()).toEqual(['a', 'b', 'c']);
    expect(place.takeNext()).toEqual([]);
    place.fail('a');
    place.overtake('b');
    expect(place.takeNext()).toEqual(['d', 'e']);
  });

  it('is settled by enough answers with a value, whoever is slow', () => {
    const place = open(2);
    place.takeNext();
    place.answer('a', [given('x', 1)]);
    expect(place.isSettled).toBe(false);
    place.answer('a', [given('x', 1)]);
    expect(place.isSettled).toBe(false);
    place.answer('b', [given('x', 2)]);
    expect(place.isSettled).toBe(true);
    expect(place.values).toEqual([given('x', 2)]);
    expect(place.behind).toEqual([{ did: 'a', value: given('x', 2) }]);
  });

  it('counts the answer of one that was overtaken', () => {
    const place = open(2);
    place.takeNext();
    place.overtake('a');
    place.answer('a', [given('x', 1)]);
    place.answer('b', [given('x', 1)]);
    expect(place.isSettled).toBe(true);
  });

  it('believes that there is nothing only when as many say so as should have it, and nobody closer is to be found', () => {
    const place = open(2);
    for (const did of CANDIDATES.slice(0, 4)) place.answer(did, []);
    expect(place.isSettled).toBe(false);
    place.answer('e', []);
    expect(place.isSettled).toBe(false);
    expect(place.wantsExploring).toBe(true);
    place.explored(['a', 'b', 'new', 'c', 'd']);
    expect(place.wantsExploring).toBe(false);
    expect(place.isSettled).toBe(false);
    place.answer('new', []);
    expect(place.isSettled).toBe(true);
  });

  it('gives each of those who should have it its chance, shunned or not, before it believes that there is nothing', () => {
    const place = new OpenPlace({ kind: 'note', key: text('k') }, new Uint8Array(32), CANDIDATES, 4, 5, 'self', new Set(['b']));
    place.isExplored = true;
    expect(place.takeNext()).toEqual(['a', 'c', 'd', 'e', 'f']);
    for (const did of ['a', 'c', 'd', 'e', 'f']) place.answer(did, []);
    expect(place.isSettled).toBe(false);
    expect(place.takeNext()).toEqual(['g', 'b']);
    place.answer('g', []);
    expect(place.isSettled).toBe(false);
    place.overtake('b');
    expect(place.isSettled).toBe(true);
    place.answer('b', [given('x', 1)]);
    expect(place.values).toEqual([given('x', 1)]);
  });

  it('is complete when most of the closest have answered', () => {
    const place = open(4);
    for (const did of ['f', 'g', 'a', 'b']) place.answer(did, []);
    expect(place.isComplete).toBe(false);
    place.answer('c', []);
    expect(place.isComplete).toBe(true);
    expect(open(4, []).isComplete).toBe(false);
  });

  it('never asks ourselves, and takes what we have for a hint alone where we are not responsible', () => {
    const place = open(2, ['self', 'a', 'b', 'c']);
    expect(place.takeNext()).toEqual(['a', 'b', 'c']);
    place.hint([given('x', 1)], 'self');
    expect(place.isSettled).toBe(false);
    expect(place.values).toEqual([given('x', 1)]);
  });

  it('keeps the values of several owners apart', () => {
    const place = open(4);
    place.answer('a', [given('x', 1)]);
    place.answer('b', [given('y', 9)]);
    expect(place.values.map(({ meta }) => meta.owner).sort()).toEqual(['x', 'y']);
    expect(place.behind).toEqual([]);
  });
});
