import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalIdentifier } from './canonical-identifier.ts';

const SYSTEM = 'https://identifiers.health.example/national';

describe('canonicalIdentifier', () => {
  it.each([
    [{ system: ` ${SYSTEM}\n`, value: '\tAB-12 34 ' }, { system: SYSTEM, value: 'AB-12 34' }],
    [{ system: SYSTEM, value: 'Mu\u0308ller' }, { system: SYSTEM, value: 'M\u00fcller' }],
  ])('of %j is %j', (identifier, canonical) => {
    expect(canonicalIdentifier(identifier)).toEqual(canonical);
  });

  it('keeps what may tell two patients apart: punctuation, inner spaces, leading zeros, case', () => {
    const values = ['ab12', 'AB12', 'ab-12', 'ab 12', '0ab12'].map((value) => canonicalIdentifier({ system: SYSTEM, value }).value);
    expect(new Set(values).size).toBe(5);
    expect(canonicalIdentifier({ system: 'https://A.example/x', value: '1' })).not.toEqual(canonicalIdentifier({ system: 'https://a.example/x', value: '1' }));
  });

  it('is the canonical form of itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (system, value) => {
        const once = canonicalIdentifier({ system, value });
        expect(canonicalIdentifier(once)).toEqual(once);
      }),
    );
  });
});
