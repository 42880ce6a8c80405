import { describe, expect, it } from '@jest/globals';
import { MAX_NAMED_HOSPITALS, newId } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { checkedHospitals, NamedHospitals } from './named-hospitals.ts';

const dids = Array.from({ length: MAX_NAMED_HOSPITALS }, (_, at) => `did:webvh:Qm${String(at)}:`.padEnd(320, 'x'));
const refused = expect.objectContaining({ code: 'LISTING_INVALID' });

describe('the hospitals that a patient is listed to', () => {
  it('are kept sealed, and opened for the same patient with the same key alone', () => {
    const id = newId();
    const named = new NamedHospitals(randomKey());
    const sealedHospitals = named.seal(id, dids) as Uint8Array;
    expect(named.open({ id, sealedHospitals })).toEqual(dids);
    expect(Buffer.from(sealedHospitals).includes('did:webvh')).toBe(false);
    expect(() => named.open({ id: newId(), sealedHospitals })).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
    expect(() => new NamedHospitals(randomKey()).open({ id, sealedHospitals })).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
    expect(named.seal(id, [])).toBeUndefined();
    expect(named.open({ id })).toEqual([]);
  });

  it('are 1 to 32 for a named listing, each once, and none for another', () => {
    expect(checkedHospitals('named', ['b', 'a', 'b'])).toEqual(['a', 'b']);
    expect(checkedHospitals('named', dids)).toHaveLength(MAX_NAMED_HOSPITALS);
    expect(checkedHospitals('listed', [])).toEqual([]);
    for (const [listing, hospitals] of [['named', []], ['named', [...dids, 'one more']], ['listed', ['a']], ['unlisted', ['a']]] as const) {
      expect(() => checkedHospitals(listing, hospitals)).toThrow(refused);
    }
  });
});
