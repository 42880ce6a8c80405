import { describe, expect, it } from '@jest/globals';
import { staffPseudonym } from './staff-pseudonym.ts';

const KEY = new Uint8Array(32).fill(1);
const CARLA = '019342f0-0000-7000-8000-000000000001';
const A = 'did:webvh:QmA:a.hospital.example';
const B = 'did:webvh:QmB:b.hospital.example';

describe('staffPseudonym', () => {
  it('is stable towards one hospital, and a text that a request can carry', () => {
    expect(staffPseudonym(KEY, CARLA, A)).toBe(staffPseudonym(KEY, CARLA, A));
    expect(staffPseudonym(KEY, CARLA, A)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is another one for each hospital, each person and each key', () => {
    const pseudonyms = [
      staffPseudonym(KEY, CARLA, A),
      staffPseudonym(KEY, CARLA, B),
      staffPseudonym(KEY, '019342f0-0000-7000-8000-000000000002', A),
      staffPseudonym(new Uint8Array(32).fill(2), CARLA, A),
    ];
    expect(new Set(pseudonyms).size).toBe(pseudonyms.length);
  });

  it('does not mix up where one part ends and the next begins', () => {
    expect(staffPseudonym(KEY, 'ab', 'c')).not.toBe(staffPseudonym(KEY, 'a', 'bc'));
  });
});
