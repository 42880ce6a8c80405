import { decodeWire, WireError } from '@carecord/core';
import { z } from 'zod';
import type { SeededRandom } from '../../../libs/testkit/src/patients/random.ts';
import { encodeQuirky, QUIRKS } from './quirky-cbor.ts';

/** CBOR heads that promise more than can be: arrays, maps, texts and byte strings of up to 2^64 items, tags, a break, reserved codes. */
const LYING_HEADS = ['9bffffffffffffffff', 'bb001fffffffffffff', '7b7fffffffffffffff', '5affffffff', '9affffffff', 'ba7fffffff', 'dbffffffffffffffff', 'ff', '5f', '9f', 'bf', '1c', 'fe', 'f97e00', 'fb7ff0000000000000', 'fb8000000000000000'].map((text) =>
  Buffer.from(text, 'hex'),
);
/** Deeper than any message of ours, and than a recursive reader's stack if it does not count. */
const DEPTHS = [8, 100, 1_000, 20_000];
const MANY = 5_000;
const MAX_STACKED = 4;

/** Makes bad frames out of good ones; the same seed makes the same frames in the same order. */
export class Mutator {
  private readonly trees = new Map<Uint8Array, unknown>();

  constructor(private readonly random: SeededRandom) {}

  /**
   * A frame that somebody might send instead of one of the good ones.
   * @param good frames of one protocol, at least one
   */
  mutate(good: readonly Uint8Array[]): Uint8Array {
    const frame = this.random.pick(good);
    if (this.random.chance(0.5)) return this.mutateTree(frame);
    let bytes: Uint8Array = frame;
    for (let left = this.random.integer(1, MAX_STACKED); left > 0; left -= 1) bytes = this.mutateBytes(bytes, good);
    return bytes;
  }

  private mutateBytes(bytes: Uint8Array, good: readonly Uint8Array[]): Uint8Array {
    const { random } = this;
    const at = random.integer(0, Math.max(0, bytes.length - 1));
    const to = random.integer(at, Math.min(bytes.length, at + 64));
    switch (random.integer(0, 7)) {
      case 0: {
        const flipped = Uint8Array.from(bytes);
        for (let flips = random.integer(1, 8); flips > 0 && bytes.length > 0; flips -= 1) {
          const bit = random.integer(0, bytes.length * 8 - 1);
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        }
        return flipped;
      }
      case 1:
        return bytes.slice(0, at);
      case 2:
        return Buffer.concat([bytes, this.noise(random.integer(1, 64))]);
      case 3: {
        const other = random.pick(good);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.integer(0, Math.max(0, other.length - 1)))]);
      }
      case 4:
        return Buffer.concat([bytes.subarray(0, at), random.pick(LYING_HEADS), bytes.subarray(to)]);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), this.noise(to - at), bytes.subarray(to)]);
      case 6:
        return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, to), bytes.subarray(to)]);
      default:
        return this.noise(random.integer(0, 128));
    }
  }

  /** Changes one place of what a frame says, and writes it in one of the ways that CBOR can be written. */
  private mutateTree(frame: Uint8Array): Uint8Array {
    const { random } = this;
    const tree = this.treeOf(frame);
    if (tree === undefined) return this.mutateBytes(frame, [frame]);
    if (random.chance(0.02)) return this.nested(random.pick(DEPTHS));
    return encodeQuirky(random.chance(0.85) ? this.changed(tree) : tree, random.chance(0.5) ? 'none' : random.pick(QUIRKS));
  }

  /** What a good frame says; `undefined` for one that is no CBOR, of which only the bytes can be changed. */
  private treeOf(frame: Uint8Array): unknown {
    if (this.trees.has(frame)) return this.trees.get(frame);
    let tree: unknown;
    try {
      tree = decodeWire(z.unknown(), frame, frame.length);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
    this.trees.set(frame, tree);
    return tree;
  }

  private changed(tree: unknown): unknown {
    const { random } = this;
    if (tree !== null && typeof tree === 'object' && !(tree instanceof Uint8Array) && random.chance(0.85)) {
      return Array.isArray(tree) ? this.changedArray(tree) : this.changedMap(tree as Record<string, unknown>);
    }
    return random.chance(0.5) ? this.similar(tree) : this.anything();
  }

  private changedArray(items: readonly unknown[]): unknown[] {
    const { random } = this;
    const at = random.integer(0, Math.max(0, items.length - 1));
    switch (random.integer(0, 9)) {
      case 0:
        return [];
      case 1:
        return items.filter((_, index) => index !== at);
      case 2:
        return [...items, this.anything()];
      case 3:
        return Array.from({ length: random.pick([2, 20, 300]) }, () => items[at]);
      default:
        return items.map((item, index) => (index === at ? this.changed(item) : item));
    }
  }

  private changedMap(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { random } = this;
    const keys = Object.keys(members);
    const key = keys.length === 0 ? 'x' : random.pick(keys);
    switch (random.integer(0, 9)) {
      case 0:
        return Object.fromEntries(Object.entries(members).filter(([name]) => name !== key));
      case 1:
        return { ...members, [random.pick(['__proto__x', 'constructor', 'toString', 'extra', ''])]: this.anything() };
      default:
        return { ...members, [key]: this.changed(members[key]) };
    }
  }

  /** Of the same type, at a limit or a little off. */
  private similar(value: unknown): unknown {
    const { random } = this;
    if (typeof value === 'number') return random.pick([0, -1, 1, value + 1, value - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, -(2 ** 53), 0.5, 1e308]);
    if (typeof value === 'string') return random.pick(['', `${value}\u0000`, value.slice(1), value.repeat(20), '\ud800', '\u202e', 'did:web:x', '../../..', value.toUpperCase()]);
    if (typeof value === 'boolean') return !value;
    return value instanceof Uint8Array ? this.similarBytes(value) : this.anything();
  }

  private similarBytes(value: Uint8Array): Uint8Array {
    return this.random.pick([
      () => new Uint8Array(0),
      () => value.slice(1),
      () => Buffer.concat([value, Buffer.alloc(1)]),
      () => new Uint8Array(value.length),
      () => new Uint8Array(value.length).fill(255),
      () => this.mutateBytes(value, [value]),
      () => this.noise(value.length),
      () => this.noise(MANY),
    ])();
  }

  private anything(): unknown {
    const { random } = this;
    return random.pick<() => unknown>([
      () => null,
      () => undefined,
      () => true,
      () => random.integer(-(2 ** 31), 2 ** 31),
      () => 2n ** 64n - 1n,
      () => -(2n ** 64n),
      () => Number.NaN,
      () => Number.POSITIVE_INFINITY,
      () => random.hex(random.integer(0, 80)),
      () => 'a'.repeat(MANY),
      () => this.noise(random.integer(0, 80)),
      () => [],
      () => ({}),
      () => new Array<number>(MANY).fill(0),
      () => Object.fromEntries(Array.from({ length: 200 }, (_, at) => [String(at), at])),
      () => [[[[[[[[[[]]]]]]]]]],
    ])();
  }

  private nested(depth: number): Uint8Array {
    return this.random.chance(0.5) ? new Uint8Array(depth).fill(0x81) : Buffer.concat(Array.from({ length: depth }, () => Uint8Array.of(0xa1, 0x61, 0x61)));
  }

  private noise(length: number): Uint8Array {
    const bytes = Buffer.alloc(length + 3);
    for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(this.random.integer(0, 2 ** 32 - 1), Math.min(at, length - 1));
    return bytes.subarray(0, length);
  }
}
