/** Members that are looked after at the same time: many may have gone at once, and each costs a dial. */
const AT_ONCE = 8;

/** Looks after members, each once at a time and some at a time. */
export class LivenessChecks {
  private readonly checks = new Map<string, Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** @param isAlive looks after one member; never rejects */
  constructor(private readonly isAlive: (did: string) => Promise<void>) {}

  /** Ends when the member has been looked after; a check that is under way serves everybody who asks. */
  check(did: string): Promise<void> {
    const check = this.checks.get(did) ?? this.run(did).finally(() => this.checks.delete(did));
    this.checks.set(did, check);
    return check;
  }

  private async run(did: string): Promise<void> {
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      await this.isAlive(did);
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}
