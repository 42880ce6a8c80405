import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomKey } from './keys.ts';
import { open, seal, SEAL_OVERHEAD_BYTES } from './seal.ts';

const byteString = fc.uint8Array({ maxLength: 200 });
const refusal = expect.objectContaining({ code: 'OPEN_FAILED' });

describe('seal and open', () => {
  it('open what was sealed, which is longer by a fixed number of bytes', () => {
    fc.assert(
      fc.property(byteString, fc.string(), byteString, (plaintext, context, associatedData) => {
        const key = randomKey();
        const sealed = seal(key, plaintext, context, associatedData);
        expect(sealed).toHaveLength(plaintext.length + SEAL_OVERHEAD_BYTES);
        expect(open(key, sealed, context, associatedData)).toEqual(plaintext);
      }),
    );
  });

  it('refuse when any bit is flipped', () => {
    fc.assert(
      fc.property(byteString, fc.nat(), (plaintext, position) => {
        const key = randomKey();
        const sealed = seal(key, plaintext, 'test');
        const bit = position % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => open(key, sealed, 'test')).toThrow(refusal);
      }),
    );
  });

  it('refuse what is truncated anywhere, or longer', () => {
    const key = randomKey();
    const sealed = seal(key, new TextEncoder().encode('a record'), 'test');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => open(key, sealed.subarray(0, length), 'test')).toThrow(refusal);
    }
    expect(() => open(key, Uint8Array.of(...sealed, 0), 'test')).toThrow(refusal);
  });

  it('refuse another key, context or associated data, also when the two run into each other', () => {
    const key = randomKey();
    const associated = new TextEncoder().encode('bc');
    const sealed = seal(key, new Uint8Array(5), 'a', associated);
    expect(() => open(randomKey(), sealed, 'a', associated)).toThrow(refusal);
    expect(() => open(key.subarray(1), sealed, 'a', associated)).toThrow(refusal);
    expect(() => open(key, sealed, 'b', associated)).toThrow(refusal);
    expect(() => open(key, sealed, 'a')).toThrow(refusal);
    expect(() => open(key, sealed, 'ab', new TextEncoder().encode('c'))).toThrow(refusal);
  });

  it('never give the same bytes twice, and take no key of another length', () => {
    const key = randomKey();
    expect(seal(key, new Uint8Array(5), 'a')).not.toEqual(seal(key, new Uint8Array(5), 'a'));
    expect(() => seal(new Uint8Array(16), new Uint8Array(5), 'a')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
