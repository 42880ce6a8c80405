import { describe, expect, it } from '@jest/globals';
import type { PublishProgress } from '../ports.ts';
import { placementCounts, Publication } from './publication.ts';
import type { PublishedValue } from './publication.ts';
import { text } from './values.fixture.ts';

const value = (candidates: readonly string[] = [], wanted = 3): PublishedValue => ({
  namespace: 'note', key: text('k'), value: text('v'), placement: new Uint8Array(32), own: 'stored', candidates, tried: 0, wanted, stored: 0, occupied: 0, refused: 0, pending: 0, settled: false,
});

describe('Publication', () => {
  it('goes through the candidates of a value once, past those that did not answer', () => {
    const publication = new Publication(1, undefined);
    const one = value(['a', 'b', 'c']);
    publication.dead.add('b');
    expect([publication.nextFor(one), publication.nextFor(one), publication.nextFor(one)]).toEqual(['a', 'c', undefined]);
  });

  it('counts each storer once, and those that are missing', () => {
    const publication = new Publication(1, undefined);
    const one = value([], 8);
    for (const outcome of ['stored', 'unchanged', 'occupied', 'older', 'full', 'invalid'] as const) publication.count(one, outcome);
    expect(placementCounts(one)).toEqual({ stored: 2, occupied: 1, refused: 3, unreached: 2 });
  });

  it('tells how far it has come, and counts no value twice or too early', () => {
    const told: PublishProgress[] = [];
    const publication = new Publication(2, (progress) => told.push(progress));
    const [one, two] = [value(), { ...value(), pending: 1 }];
    publication.sent(100);
    publication.progress([one, two]);
    publication.progress([one]);
    two.pending = 0;
    publication.sent(50);
    publication.progress([two]);
    expect(told).toEqual([
      { settled: 1, total: 2, messages: 1, bytes: 100 },
      { settled: 1, total: 2, messages: 1, bytes: 100 },
      { settled: 2, total: 2, messages: 2, bytes: 150 },
    ]);
  });
});
