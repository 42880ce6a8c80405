import { describe, expect, it } from '@jest/globals';
import { BlindTokens, tokenKey } from './tokens.ts';

const tokens = new BlindTokens(new Uint8Array(32).fill(1));
const SYSTEM = 'https://identifiers.health.example/national';

describe('BlindTokens', () => {
  it('are of 32 bytes, and others under another key', () => {
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
