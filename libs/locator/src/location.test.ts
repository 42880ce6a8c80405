import { describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import type { Location } from './index.ts';
import { MAX_POINTERS } from './location.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };
const HOUR = 3_600_000;

describe('a saved location', () => {
  it('holds as many pointers as the DHT can answer with while hospitals race for the slots, and no more', async () => {
    const { locator } = makeLocatorNetwork().hospital('b');
    const locationOf = (count: number): Location => ({
      tag: randomKey(),
      pointers: Array.from({ length: count }, (_, at) => ({ holder: `did:webvh:${at}:`.padEnd(320, 'x'), holderName: '院'.repeat(200), handle: randomKey() })),
      incomplete: false,
      reasons: [],
    });
    const most = locationOf(MAX_POINTERS);
    const { id } = await locator.saveLocation(most, 'staff-1');
    expect(await locator.loadLocation(id, 'staff-1')).toEqual(most);
    await expect(locator.saveLocation(locationOf(MAX_POINTERS + 1), 'staff-1')).rejects.toThrow();
  });

  it('is given back to the staff member who made it, for an hour, and kept sealed', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    const location = await b.locator.locate(NATIONAL, asked);
    const { id, expiresAt } = await b.locator.saveLocation(location, 'staff-1');
    expect(await b.locator.loadLocation(id, 'staff-1')).toEqual(location);
    expect(await b.locator.loadLocation(id, 'staff-2')).toBeUndefined();
    const stored = await b.store.findLocation(id, 'staff-1', network.clock.now());
    expect(Buffer.from(stored?.sealed ?? []).includes(Buffer.from(location.tag))).toBe(false);
    network.clock.advance(HOUR);
    expect(expiresAt).toEqual(network.clock.now());
    expect(await b.locator.loadLocation(id, 'staff-1')).toBeUndefined();
  });
});
