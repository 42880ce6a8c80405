import type { Random } from './random.ts';

/** How many leading bits of a SHA-256 are kept: two of a million nodes fall on the same with a probability of 3 in 10^8. */
export const IDENTIFIER_BITS = 64;

/** A point of the key space by its leading 64 bits. */
export interface Point {
  readonly high: number;
  readonly low: number;
}

/** The node ids of a network in ascending order; a node is its index. */
export interface Identifiers {
  readonly count: number;
  /** Bits 0 to 31 of each. */
  readonly high: Uint32Array;
  /** Bits 32 to 63 of each. */
  readonly low: Uint32Array;
}

/** Uniform ids, as the SHA-256 of DIDs are that nobody chose. */
export function drawIdentifiers(count: number, random: Random): Identifiers {
  const drawn = new BigUint64Array(count);
  for (let at = 0; at < count; at += 1) drawn[at] = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  return sortedIdentifiers(drawn);
}

/** Ids that are known, in any order; they are sorted in place. */
export function sortedIdentifiers(ids: BigUint64Array): Identifiers {
  ids.sort();
  const high = new Uint32Array(ids.length);
  const low = new Uint32Array(ids.length);
  for (const [at, id] of ids.entries()) {
    high[at] = Number(id >> 32n);
    low[at] = Number(id & 0xffff_ffffn);
  }
  return { count: ids.length, high, low };
}

/** A uniform point. */
export function drawPoint(random: Random): Point {
  return { high: random.uint32(), low: random.uint32() };
}

/** How many leading bits the node's id has in common with a point; at most 64. */
export function commonPrefix(ids: Identifiers, node: number, point: Point): number {
  const high = ((ids.high[node] ?? 0) ^ point.high) >>> 0;
  return high === 0 ? 32 + Math.clz32((ids.low[node] ?? 0) ^ point.low) : Math.clz32(high);
}

/** Whether the bit is set, counted from the most significant. */
function bitOf(high: number, low: number, bit: number): boolean {
  return bit < 32 ? ((high >>> (31 - bit)) & 1) === 1 : ((low >>> (63 - bit)) & 1) === 1;
}

/** Of nodes `from` to `to - 1`, which have their first `bit` bits in common: the first one whose next bit is set, else `to`. */
export function splitAt(ids: Identifiers, from: number, to: number, bit: number): number {
  let below = from;
  let above = to;
  while (below < above) {
    const middle = (below + above) >>> 1;
    if (bitOf(ids.high[middle] ?? 0, ids.low[middle] ?? 0, bit)) above = middle;
    else below = middle + 1;
  }
  return below;
}

/**
 * The nodes that are truly the closest to a point by XOR, the closest first.
 * @param counts which nodes count, by a value other than 0 at their index
 */
export function closestNodes(ids: Identifiers, point: Point, wanted: number, counts: Uint8Array): number[] {
  const found: number[] = [];
  const gather = (from: number, to: number, bit: number): void => {
    if (from >= to || found.length >= wanted) return;
    if (to - from === 1 || bit === IDENTIFIER_BITS) {
      for (let node = from; node < to && found.length < wanted; node += 1) if (counts[node] !== 0) found.push(node);
      return;
    }
    const middle = splitAt(ids, from, to, bit);
    // The half that agrees with the point in this bit is closer, all of it.
    if (bitOf(point.high, point.low, bit)) {
      gather(middle, to, bit + 1);
      gather(from, middle, bit + 1);
    } else {
      gather(from, middle, bit + 1);
      gather(middle, to, bit + 1);
    }
  };
  gather(0, ids.count, 0);
  return found;
}
