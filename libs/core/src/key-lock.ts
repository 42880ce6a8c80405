/** Runs work on one key after the other; work on different keys runs side by side. */
export class KeyLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Runs the work once all earlier work on the key has ended, well or badly. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const earlier = this.tails.get(key) ?? Promise.resolve();
    const result = earlier.then(work, work);
    this.tails.set(key, result);
    try {
      return await result;
    } finally {
      if (this.tails.get(key) === result) this.tails.delete(key);
    }
  }
}
