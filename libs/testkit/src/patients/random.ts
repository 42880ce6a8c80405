/**
 * A small seeded generator (mulberry32, Tommy Ettinger, public domain; seeded with FNV-1a): the same seed gives the
 * same data on every machine. Good enough for invented patients, never for keys.
 */
export class SeededRandom {
  private state: number;

  constructor(seed: number | string) {
    let hash = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(String(seed))) hash = Math.imul(hash ^ byte, 0x01000193);
    this.state = hash >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** A number from `least` to `most` with at most `digits` decimal places. */
  decimal(least: number, most: number, digits: number): number {
    return Number((least + this.next() * (most - least)).toFixed(digits));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One item of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  /** `count` different items in random order, all of them where there are fewer. */
  sample<Item>(items: readonly Item[], count: number): Item[] {
    const left = [...items];
    const taken: Item[] = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.integer(0, left.length - 1), 1));
    return taken;
  }

  /** `length` hexadecimal digits. */
  hex(length: number): string {
    return Array.from({ length }, () => this.integer(0, 15).toString(16)).join('');
  }

  /** `length` decimal digits, the first not zero. */
  digits(length: number): string {
    return Array.from({ length }, (_, index) => this.integer(index === 0 ? 1 : 0, 9)).join('');
  }

  /** A UUID of version 4 (RFC 9562). */
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${this.pick(['8', '9', 'a', 'b'])}${this.hex(3)}-${this.hex(12)}`;
  }
}
