import type { Clock } from './clock.ts';

/** How often a key (a peer, a username, an address) may do something: `burst` at once, refilled at `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Keys kept at the most; above it the longest untouched are forgotten, so that a flood of keys cannot fill the memory. */
const MAX_KEYS = 10_000;

/** Token buckets, one a key, in bounded memory. */
export class RateLimiter {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(
    private readonly rate: Rate,
    private readonly clock: Clock,
    private readonly maxKeys: number = MAX_KEYS,
  ) {}

  /** Takes `cost` tokens of the key's bucket; false, and nothing taken, when there are too few. */
  take(key: string, cost = 1): boolean {
    const at = this.clock.now().getTime();
    const bucket = this.buckets.get(key);
    const refilled = bucket === undefined ? this.rate.burst : Math.min(this.rate.burst, bucket.tokens + ((at - bucket.at) / 1000) * this.rate.perSecond);
    const allowed = refilled >= cost;
    this.buckets.delete(key);
    this.buckets.set(key, { tokens: allowed ? refilled - cost : refilled, at });
    if (this.buckets.size > this.maxKeys) this.forgetOldest();
    return allowed;
  }

  private forgetOldest(): void {
    const oldest = this.buckets.keys().next();
    if (!oldest.done) this.buckets.delete(oldest.value);
  }
}
