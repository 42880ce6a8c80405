/**
 * Remembers what was verified, so that the same thing shown again and again costs a hash. The entries used longest ago go first
 * when it is full.
 */
export class VerificationCache<Value> {
  private readonly values = new Map<string, { readonly value: Value; readonly size: number }>();
  private total = 0;

  /** @param maxSize what all entries may add up to, in the unit of `set` */
  constructor(private readonly maxSize: number) {}

  get(key: string): Value | undefined {
    const found = this.values.get(key);
    if (found === undefined) return undefined;
    this.values.delete(key);
    this.values.set(key, found);
    return found.value;
  }

  /** @param size what the value takes, such as its bytes; above the maximum it is not kept */
  set(key: string, value: Value, size: number): void {
    this.remove(key);
    if (size > this.maxSize) return;
    this.values.set(key, { value, size });
    this.total += size;
    for (const oldest of this.values.keys()) {
      if (this.total <= this.maxSize) return;
      this.remove(oldest);
    }
  }

  private remove(key: string): void {
    this.total -= this.values.get(key)?.size ?? 0;
    this.values.delete(key);
  }
}
