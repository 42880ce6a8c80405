import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareDistance, nodeIdOf, placeSharing, sharedBits } from './node-id.ts';

const place = fc.uint8Array({ minLength: 32, maxLength: 32 });
const distance = (one: Uint8Array, other: Uint8Array): bigint => BigInt(`0x${Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0))).toString('hex')}`);

describe('places in the key space', () => {
  it('are the SHA-256 of the DID', () => {
    expect(Buffer.from(nodeIdOf('did:example:a')).toString('hex')).toBe('11411d3684ea0edacfffc9f42a917f81f203525867e148c9d4277e5d4c83cc47');
    expect(nodeIdOf('did:example:a')).toHaveLength(32);
  });

  it('are compared as the XOR numbers are', () => {
    fc.assert(
      fc.property(place, place, place, (target, one, other) => {
        const difference = distance(target, one) - distance(target, other);
        expect(Math.sign(compareDistance(target, one, other))).toBe(difference < 0n ? -1 : Number(difference > 0n));
      }),
    );
  });

  it('share as many bits as their XOR number has leading zeros', () => {
    fc.assert(fc.property(place, place, (one, other) => expect(sharedBits(one, other)).toBe(256 - (distance(one, other) === 0n ? 0 : distance(one, other).toString(2).length))));
    expect(sharedBits(new Uint8Array(32), new Uint8Array(32))).toBe(256);
  });

  it('can be made to share exactly so many bits', () => {
    fc.assert(fc.property(place, place, fc.integer({ min: 0, max: 255 }), (own, random, bits) => expect(sharedBits(own, placeSharing(own, bits, random))).toBe(bits)));
  });
});
