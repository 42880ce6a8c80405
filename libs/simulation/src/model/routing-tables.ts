import { commonPrefix, IDENTIFIER_BITS, splitAt } from './identifiers.ts';
import type { Identifiers, Point } from './identifiers.ts';
import type { Random } from './random.ts';

/** Who may be in a routing table. */
export interface Knowledge {
  /** Nodes, ascending, that were there when the tables were last refreshed. */
  readonly established: Uint32Array;
  /** Nodes, ascending, that came later: their neighbours know them, full buckets do not. */
  readonly newcomers: Uint32Array;
}

/**
 * The routing tables of all nodes, in a few typed arrays. Bucket b of a node is for those whose ids agree with its own in exactly b leading bits. It
 * is what a node that has long been running has: everybody where there are at most k, and k of them drawn at random where there are more
 * (Kademlia keeps the contacts that it has had for longest, which says nothing about where they stand).
 */
export class RoutingTables {
  private readonly ids: Identifiers;
  private readonly bucketSize: number;
  /** Where the buckets of a node begin in `ends`; one more for the end of the last. */
  private readonly firstBucket: Uint32Array;
  /** Where a bucket ends, counted from the node's first contact. */
  private readonly ends: Uint16Array;
  private readonly firstContact: Uint32Array;
  private readonly contacts: Uint32Array;
  /** Who is being answered. */
  private asker = 0;

  private constructor(ids: Identifiers, bucketSize: number, shape: Shape) {
    this.ids = ids;
    this.bucketSize = bucketSize;
    this.firstBucket = shape.firstBucket;
    this.ends = shape.ends;
    this.firstContact = shape.firstContact;
    this.contacts = new Uint32Array(shape.firstContact[ids.count] ?? 0);
  }

  static build(ids: Identifiers, knowledge: Knowledge, bucketSize: number, random: Random): RoutingTables {
    const splits = new Splits(ids, knowledge, bucketSize);
    const tables = new RoutingTables(ids, bucketSize, splits.shape());
    const filled = new Uint16Array(ids.count);
    splits.visit((from, to, otherFrom, otherTo) => {
      for (let node = from; node < to; node += 1) {
        const start = (tables.firstContact[node] ?? 0) + (filled[node] ?? 0);
        filled[node] = (filled[node] ?? 0) + splits.fill(tables.contacts, start, otherFrom, otherTo, random);
      }
    });
    return tables;
  }

  /** Memory that the tables take. */
  get bytes(): number {
    return this.contacts.byteLength + this.ends.byteLength + this.firstBucket.byteLength + this.firstContact.byteLength;
  }

  /** Contacts in all tables together. */
  get size(): number {
    return this.contacts.length;
  }

  /** How many contacts a node has. */
  sizeOf(node: number): number {
    return (this.firstContact[node + 1] ?? 0) - (this.firstContact[node] ?? 0);
  }

  /** The contacts of one bucket. */
  bucket(node: number, bucket: number): Uint32Array {
    const first = this.firstContact[node] ?? 0;
    return this.contacts.subarray(first + this.startOf(node, bucket), first + this.endOf(node, bucket));
  }

  /**
   * The node's answer to "who is close to this point?": the k closest of its table, neither itself nor who asks among them.
   * @param answer receives them, in no order: at least k places
   * @returns how many there are
   */
  closest(node: number, point: Point, answer: Uint32Array, asker: number): number {
    this.asker = asker;
    const wanted = Math.min(this.bucketSize, answer.length);
    const shared = commonPrefix(this.ids, node, point);
    const last = this.sizeOf(node);
    // All of this bucket are closer than all that follow it here; then those closer to the node itself; then one bucket farther each time.
    let count = this.take(node, this.startOf(node, shared), this.endOf(node, shared), point, answer, 0, wanted);
    count = this.take(node, this.endOf(node, shared), last, point, answer, count, wanted);
    for (let bucket = Math.min(shared, this.bucketsOf(node)) - 1; bucket >= 0 && count < wanted; bucket -= 1) {
      count = this.take(node, this.startOf(node, bucket), this.endOf(node, bucket), point, answer, count, wanted);
    }
    return count;
  }

  private bucketsOf(node: number): number {
    return (this.firstBucket[node + 1] ?? 0) - (this.firstBucket[node] ?? 0);
  }

  private startOf(node: number, bucket: number): number {
    return bucket === 0 ? 0 : this.endOf(node, bucket - 1);
  }

  private endOf(node: number, bucket: number): number {
    if (bucket >= this.bucketsOf(node)) return this.sizeOf(node);
    return this.ends[(this.firstBucket[node] ?? 0) + bucket] ?? 0;
  }

  /** Adds the closest of a stretch of the table's contacts, as many as there is room for. */
  private take(node: number, start: number, end: number, point: Point, answer: Uint32Array, count: number, wanted: number): number {
    const first = this.firstContact[node] ?? 0;
    let size = count;
    if (end - start <= wanted - count) {
      for (let at = start; at < end; at += 1) {
        const contact = this.contacts[first + at] ?? 0;
        if (contact !== this.asker) answer[size++] = contact;
      }
      return size;
    }
    for (let at = start; at < end; at += 1) {
      const contact = this.contacts[first + at] ?? 0;
      if (contact === this.asker) continue;
      if (size === wanted && (size === count || !this.isCloser(contact, answer[size - 1] ?? 0, point))) continue;
      let place = size < wanted ? size++ : size - 1;
      while (place > count && this.isCloser(contact, answer[place - 1] ?? 0, point)) {
        answer[place] = answer[place - 1] ?? 0;
        place -= 1;
      }
      answer[place] = contact;
    }
    return size;
  }

  private isCloser(left: number, right: number, point: Point): boolean {
    const leftHigh = ((this.ids.high[left] ?? 0) ^ point.high) >>> 0;
    const rightHigh = ((this.ids.high[right] ?? 0) ^ point.high) >>> 0;
    if (leftHigh !== rightHigh) return leftHigh < rightHigh;
    return ((this.ids.low[left] ?? 0) ^ point.low) >>> 0 < ((this.ids.low[right] ?? 0) ^ point.low) >>> 0;
  }
}

interface Shape {
  readonly firstBucket: Uint32Array;
  readonly ends: Uint16Array;
  readonly firstContact: Uint32Array;
}

/** Called for each bucket of each node: nodes `from` to `to - 1` choose theirs among nodes `otherFrom` to `otherTo - 1`. */
type BucketVisitor = (from: number, to: number, otherFrom: number, otherTo: number) => void;

/** The binary tree of ids: at each fork the nodes of one side have those of the other in the bucket of this depth. */
class Splits {
  private readonly ids: Identifiers;
  private readonly bucketSize: number;
  private readonly established: Uint32Array;
  private readonly newcomers: Uint32Array;
  /** How many of `established` (`newcomers`) stand before a node. */
  private readonly establishedBefore: Uint32Array;
  private readonly newcomersBefore: Uint32Array;

  constructor(ids: Identifiers, { established, newcomers }: Knowledge, bucketSize: number) {
    this.ids = ids;
    this.bucketSize = bucketSize;
    this.established = established;
    this.newcomers = newcomers;
    this.establishedBefore = countBefore(established, ids.count);
    this.newcomersBefore = countBefore(newcomers, ids.count);
  }

  visit(visitor: BucketVisitor): void {
    const descend = (from: number, to: number, bit: number): void => {
      if (to - from < 2 || bit === IDENTIFIER_BITS) return;
      const middle = splitAt(this.ids, from, to, bit);
      visitor(from, middle, middle, to);
      visitor(middle, to, from, middle);
      descend(from, middle, bit + 1);
      descend(middle, to, bit + 1);
    };
    descend(0, this.ids.count, 0);
  }

  shape(): Shape {
    const firstBucket = new Uint32Array(this.ids.count + 1);
    this.visit((from, to) => {
      for (let node = from; node < to; node += 1) firstBucket[node + 1] = (firstBucket[node + 1] ?? 0) + 1;
    });
    accumulate(firstBucket);
    const ends = new Uint16Array(firstBucket[this.ids.count] ?? 0);
    const visited = new Uint8Array(this.ids.count);
    const firstContact = new Uint32Array(this.ids.count + 1);
    this.visit((from, to, otherFrom, otherTo) => {
      const size = this.bucketFill(otherFrom, otherTo);
      for (let node = from; node < to; node += 1) {
        const total = (firstContact[node + 1] ?? 0) + size;
        firstContact[node + 1] = total;
        ends[(firstBucket[node] ?? 0) + (visited[node] ?? 0)] = total;
        visited[node] = (visited[node] ?? 0) + 1;
      }
    });
    accumulate(firstContact);
    return { firstBucket, ends, firstContact };
  }

  /** Writes one bucket. @returns how many contacts it has */
  fill(contacts: Uint32Array, start: number, otherFrom: number, otherTo: number, random: Random): number {
    const first = this.establishedBefore[otherFrom] ?? 0;
    const known = (this.establishedBefore[otherTo] ?? 0) - first;
    const firstNew = this.newcomersBefore[otherFrom] ?? 0;
    const joined = (this.newcomersBefore[otherTo] ?? 0) - firstNew;
    const size = this.bucketFill(otherFrom, otherTo);
    const fromKnown = Math.min(known, size);
    sample(this.established, first, known, contacts, start, fromKnown, random);
    sample(this.newcomers, firstNew, joined, contacts, start + fromKnown, size - fromKnown, random);
    return size;
  }

  private bucketFill(otherFrom: number, otherTo: number): number {
    const known = (this.establishedBefore[otherTo] ?? 0) - (this.establishedBefore[otherFrom] ?? 0);
    const joined = (this.newcomersBefore[otherTo] ?? 0) - (this.newcomersBefore[otherFrom] ?? 0);
    return Math.min(this.bucketSize, known + joined);
  }
}

/** Writes `wanted` different ones of the `size` items from `first` on. */
function sample(items: Uint32Array, first: number, size: number, into: Uint32Array, start: number, wanted: number, random: Random): void {
  if (size === wanted) {
    for (let at = 0; at < size; at += 1) into[start + at] = items[first + at] ?? 0;
    return;
  }
  // Floyd's algorithm: one draw a place, without a set of those left.
  for (let place = 0; place < wanted; place += 1) {
    const last = size - wanted + place;
    const drawn = items[first + random.below(last + 1)] ?? 0;
    into[start + place] = holds(into, start, start + place, drawn) ? (items[first + last] ?? 0) : drawn;
  }
}

function holds(list: Uint32Array, from: number, to: number, value: number): boolean {
  for (let at = from; at < to; at += 1) if (list[at] === value) return true;
  return false;
}

/** Of sorted nodes: how many are smaller than each index up to `count`. */
function countBefore(nodes: Uint32Array, count: number): Uint32Array {
  const before = new Uint32Array(count + 1);
  for (const node of nodes) before[node + 1] = 1;
  accumulate(before);
  return before;
}

function accumulate(numbers: Uint32Array): void {
  for (let at = 1; at < numbers.length; at += 1) numbers[at] = (numbers[at] ?? 0) + (numbers[at - 1] ?? 0);
}
