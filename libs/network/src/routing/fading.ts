import { BoundedCache, later } from '@carecord/core';
import type { Clock } from '@carecord/core';

/** Members that are kept at the most; those added longest ago go first. */
const MAX_MEMBERS = 10_000;

/** Members of which something is true for a while. */
export class Fading {
  private readonly until = new BoundedCache<Date>({ entries: MAX_MEMBERS });

  constructor(
    private readonly milliseconds: number,
    private readonly clock: Clock,
  ) {}

  add(did: string): void {
    this.until.set(did, later(this.clock.now(), this.milliseconds));
  }

  delete(did: string): void {
    this.until.delete(did);
  }

  has(did: string): boolean {
    const until = this.until.get(did);
    return until !== undefined && until > this.clock.now();
  }
}
