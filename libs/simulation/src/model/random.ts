/** 2^32: how many values a draw has. */
const RANGE = 0x1_0000_0000;
/** Draws thrown away so that similar seeds do not begin alike, as the author of sfc32 recommends. */
const WARM_UP = 16;

/**
 * Pseudo-random numbers from a seed (sfc32, Chris Doty-Humphrey): 32-bit integer arithmetic alone, so that a seed gives the same numbers on
 * every machine. Not for secrets.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param stream what they are for: streams of one seed do not influence each other */
  constructor(seed: number, stream: string) {
    let hash = 0x811c_9dc5;
    for (let at = 0; at < stream.length; at += 1) hash = Math.imul(hash ^ stream.charCodeAt(at), 0x0100_0193);
    this.a = seed >>> 0;
    this.b = Math.floor(seed / RANGE) >>> 0;
    this.c = hash >>> 0;
    for (let round = 0; round < WARM_UP; round += 1) this.uint32();
  }

  /** From 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `limit - 1`, for limits far below 2^32: a bias of `limit / 2^32` remains. */
  below(limit: number): number {
    return Math.floor((this.uint32() / RANGE) * limit);
  }

  /** From 0 to just under 1. */
  unit(): number {
    return this.uint32() / RANGE;
  }

  /** Exponentially distributed with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }
}
