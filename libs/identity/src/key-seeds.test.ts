import { describe, expect, it } from '@jest/globals';
import { decodeKeySeeds, encodeKeySeeds, generateHospitalKeySeeds } from './key-seeds.ts';

describe('key seeds', () => {
  it('come back from their bytes', () => {
    const seeds = generateHospitalKeySeeds();
    expect(decodeKeySeeds(encodeKeySeeds(seeds))).toEqual(seeds);
    expect(generateHospitalKeySeeds()).not.toEqual(seeds);
  });

  it('are refused when they are cut off, or something else', () => {
    const encoded = encodeKeySeeds(generateHospitalKeySeeds());
    for (const wrong of [new Uint8Array(), encoded.subarray(0, -1), Uint8Array.of(...encoded, 0), new Uint8Array(2000)]) {
      expect(() => decodeKeySeeds(wrong)).toThrow(expect.objectContaining({ code: 'KEY_SEEDS_INVALID' }));
    }
  });
});
