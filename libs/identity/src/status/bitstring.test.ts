import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { Bitstring } from './bitstring.ts';
import { MAX_STATUS_LIST_BITS, MIN_STATUS_LIST_BITS } from './status-bits.ts';

const encode = (content: Uint8Array): string => `u${gzipSync(content).toString('base64url')}`;

describe('Bitstring Status List v1.0', () => {
  it("section 2.2, example: the standard's encodedList is 131,072 bits that are all clear", () => {
    const bits = Bitstring.decode('uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA');
    expect([bits.get(0), bits.get(94_567), bits.get(MIN_STATUS_LIST_BITS - 1), bits.get(MIN_STATUS_LIST_BITS)]).toEqual([false, false, false, undefined]);
    expect(Array.from({ length: MIN_STATUS_LIST_BITS }, (_, index) => bits.get(index)).includes(true)).toBe(false);
  });

  it('section 3.3: the index 0 is the left-most bit, the last index the right-most', () => {
    const content = new Uint8Array(MIN_STATUS_LIST_BITS / 8);
    content[0] = 0b1000_0001;
    content[content.length - 1] = 0b0000_0001;
    const bits = Bitstring.decode(encode(content));
    expect([0, 1, 6, 7, 8, MIN_STATUS_LIST_BITS - 2, MIN_STATUS_LIST_BITS - 1].map((index) => bits.get(index))).toEqual([true, false, false, true, false, false, true]);
  });

  it('section 3.3: a list has at least 131,072 bits', () => {
    expect(Bitstring.decode(Bitstring.ofLength(0).encode()).get(MIN_STATUS_LIST_BITS - 1)).toBe(false);
    expect(() => Bitstring.decode(encode(new Uint8Array(MIN_STATUS_LIST_BITS / 8 - 1)))).toThrow();
  });
});

describe('bitstrings', () => {
  it('come back with the bits that were set and no others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(MIN_STATUS_LIST_BITS - 1), { maxLength: 50 }), fc.nat(MIN_STATUS_LIST_BITS - 1), (indexes, other) => {
        const bits = Bitstring.ofLength(1);
        for (const index of indexes) bits.set(index);
        const decoded = Bitstring.decode(bits.encode());
        expect(indexes.every((index) => decoded.get(index))).toBe(true);
        expect(decoded.get(other)).toBe(indexes.includes(other));
      }),
      { numRuns: 20 },
    );
  });

  it('grow by doubling, up to the limit', () => {
    const grown = Bitstring.ofLength(MIN_STATUS_LIST_BITS + 1);
    expect([grown.get(2 * MIN_STATUS_LIST_BITS - 1), grown.get(2 * MIN_STATUS_LIST_BITS)]).toEqual([false, undefined]);
    expect(Bitstring.decode(Bitstring.ofLength(MAX_STATUS_LIST_BITS).encode()).get(MAX_STATUS_LIST_BITS - 1)).toBe(false);
    expect(() => Bitstring.ofLength(MAX_STATUS_LIST_BITS + 1)).toThrow();
    expect(grown.get(-1)).toBeUndefined();
  });

  it('that unpack to more than the limit are refused, and so is what is no list', () => {
    expect(() => Bitstring.decode(encode(new Uint8Array(MAX_STATUS_LIST_BITS / 8)))).not.toThrow();
    const bomb = encode(new Uint8Array(64 * 1024 * 1024));
    for (const wrong of [encode(new Uint8Array(MAX_STATUS_LIST_BITS / 8 + 1)), bomb, '', 'u', 'uAAAA', encode(new Uint8Array(20_000)).slice(1), encode(new Uint8Array(20_000)).slice(0, -12)]) {
      expect(() => Bitstring.decode(wrong)).toThrow();
    }
  });
});
