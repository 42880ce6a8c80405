import { sha256 } from '@carecord/crypto';

/** Length of a place in the key space: SHA-256. */
export const NODE_ID_BYTES = 32;
/** Bits of a place, and so the number of buckets. */
export const NODE_ID_BITS = NODE_ID_BYTES * 8;

/** Where a member stands in the key space: SHA-256 of its DID. */
export function nodeIdOf(did: string): Uint8Array {
  return sha256(new TextEncoder().encode(did));
}

/** Negative when `one` is closer to the target than `other` by XOR, positive when it is farther, 0 when they are the same. */
export function compareDistance(target: Uint8Array, one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < NODE_ID_BYTES; at++) {
    const difference = ((one[at] ?? 0) ^ (target[at] ?? 0)) - ((other[at] ?? 0) ^ (target[at] ?? 0));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two places share: the larger, the closer. */
export function sharedBits(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < NODE_ID_BYTES; at++) {
    const difference = (one[at] ?? 0) ^ (other[at] ?? 0);
    if (difference !== 0) return at * 8 + Math.clz32(difference) - 24;
  }
  return NODE_ID_BITS;
}

/**
 * A place that shares exactly so many leading bits with `own`.
 * @param random 32 bytes that fill the rest
 */
export function placeSharing(own: Uint8Array, bits: number, random: Uint8Array): Uint8Array {
  const place = Uint8Array.from(random);
  for (let at = 0; at <= bits && at < NODE_ID_BITS; at++) {
    const [byte, mask] = [at >> 3, 0x80 >> (at & 7)];
    const bit = ((own[byte] ?? 0) & mask) !== 0;
    const wanted = at === bits ? !bit : bit;
    place[byte] = wanted ? (place[byte] ?? 0) | mask : (place[byte] ?? 0) & ~mask;
  }
  return place;
}
