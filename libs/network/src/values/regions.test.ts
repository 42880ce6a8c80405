import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareDistance, nodeIdOf } from '../routing/node-id.ts';
import type { Contact, Routing } from '../routing/ports.ts';
import { exploreRegion } from './regions.ts';

const everybody = (count: number): Contact[] => Array.from({ length: count }, (_, at) => ({ did: `did:example:${at}`, nodeId: nodeIdOf(`did:example:${at}`) }));
const closest = (members: readonly Contact[], target: Uint8Array, count: number): Contact[] =>
  [...members].sort((one, other) => compareDistance(target, one.nodeId, other.nodeId)).slice(0, count);
const neverAborted = new AbortController().signal;

/** A lookup that finds whom it should. */
function routingAmong(members: readonly Contact[], complete = true): Routing {
  return {
    nearest: (target, count) => closest(members, target, count),
    lookup: (target, { count = 20 } = {}) => Promise.resolve({ contacts: closest(members, target, count), complete, hops: 1, queries: 1 }),
    onChange: () => () => undefined,
  };
}

describe('exploreRegion', () => {
  it('knows by one lookup the five closest members to every place that it covers', async () => {
    const place = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), place, fc.array(place, { minLength: 1, maxLength: 50 }), async (count, middle, places) => {
        const members = everybody(count);
        const region = await exploreRegion(routingAmong(members), middle, 5, neverAborted);
        expect(region.covers(middle)).toBe(true);
        for (const other of places.filter((one) => region.covers(one))) {
          expect(region.closestTo(other, 5)).toEqual(closest(members, other, 5).map(({ did }) => did));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('covers everything where fewer than twenty are found, and a part of it otherwise', async () => {
    const far = new Uint8Array(32).fill(255);
    const [few, many] = [everybody(19), everybody(200)];
    expect((await exploreRegion(routingAmong(few), new Uint8Array(32), 5, neverAborted)).covers(far)).toBe(true);
    expect((await exploreRegion(routingAmong(many), new Uint8Array(32), 5, neverAborted)).covers(far)).toBe(false);
  });

  it('does not take a lookup that was cut short for the whole network', async () => {
    const region = await exploreRegion(routingAmong(everybody(6), false), new Uint8Array(32), 5, neverAborted);
    expect(region.covers(new Uint8Array(32).fill(255))).toBe(false);
  });

  it('ends when it is told to', async () => {
    await expect(exploreRegion(routingAmong(everybody(6)), new Uint8Array(32), 5, AbortSignal.abort(new Error('Enough.')))).rejects.toThrow('Enough.');
  });
});
