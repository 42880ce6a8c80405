import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlindTokens, canonicalIdentifier, tokenKey } from './tokens.ts';

const tokens = new BlindTokens(new Uint8Array(32).fill(1));
const SYSTEM = 'https://identifiers.health.example/national';

describe('BlindTokens', () => {
  it('are of 32 bytes, and others under another root key', () => {
    const other = new BlindTokens(new Uint8Array(32).fill(2));
    expect(tokens.logicalId('Patient', 'p1')).toHaveLength(32);
    expect(tokenKey(tokens.logicalId('Patient', 'p1'))).not.toBe(tokenKey(other.logicalId('Patient', 'p1')));
  });

  it('tell types, ids, systems and values apart, wherever one ends and the next begins', () => {
    const all = [
      tokens.logicalId('Patient', 'p1'),
      tokens.logicalId('Patient', 'P1'),
      tokens.logicalId('Patien', 'tp1'),
      tokens.identifier({ system: 'Patient', value: 'P1' }),
      tokens.identifier({ system: 'PatientP', value: '1' }),
    ];
    expect(new Set(all.map(tokenKey)).size).toBe(all.length);
  });

  it('of a patient’s identifiers are each there once', () => {
    const identifiers = [{ system: SYSTEM, value: ' AB1' }, { system: SYSTEM, value: 'AB1' }, { system: SYSTEM, value: 'AB2' }];
    expect(tokens.identifiers(identifiers).map(tokenKey)).toEqual([
      tokenKey(tokens.identifier({ system: SYSTEM, value: 'AB1' })),
      tokenKey(tokens.identifier({ system: SYSTEM, value: 'AB2' })),
    ]);
  });
});

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
