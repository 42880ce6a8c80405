/** Remembers values within bounds: those used longest ago go first. */
export class BoundedCache<Value> {
  private readonly entries = new Map<string, { readonly value: Value; readonly size: number }>();
  private readonly maxEntries: number;
  private readonly maxSize: number;
  private total = 0;

  /**
   * @param bounds.entries how many there may be; any number if absent
   * @param bounds.size what all of them may add up to, in the unit of {@link set}; any size if absent
   */
  constructor({ entries = Infinity, size = Infinity }: { readonly entries?: number; readonly size?: number }) {
    this.maxEntries = entries;
    this.maxSize = size;
  }

  get(key: string): Value | undefined {
    const found = this.entries.get(key);
    if (found === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, found);
    return found.value;
  }

  /** @param size what the value takes, such as its bytes; above the maximum it is not kept */
  set(key: string, value: Value, size = 0): void {
    this.delete(key);
    if (size > this.maxSize) return;
    this.entries.set(key, { value, size });
    this.total += size;
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.maxEntries && this.total <= this.maxSize) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.total -= this.entries.get(key)?.size ?? 0;
    this.entries.delete(key);
  }
}
