/** The shortest thing that is looked for: shorter ones occur by chance. */
const MIN_NEEDLE_BYTES = 16;
const PREFIX_BYTES = 4;

/** Something that would give a patient away if it were seen. */
export interface Needle {
  /** What it is derived from. */
  readonly patient: number;
  /** What it is, for the failure text. */
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Everything that an observer gets to see, as bytes; equal ones once. */
export class Recording {
  private readonly seen = new Map<string, Buffer>();

  add(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes);
    this.seen.set(buffer.toString('latin1'), buffer);
  }

  get pieces(): number {
    return this.seen.size;
  }

  get bytes(): number {
    return [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Which of the needles occur anywhere in it, at any offset. */
  search(needles: readonly Needle[]): Needle[] {
    const byPrefix = new Map<number, Needle[]>();
    for (const needle of needles) {
      if (needle.bytes.length < MIN_NEEDLE_BYTES) throw new Error(`"${needle.what}" is too short to be looked for.`);
      const prefix = Buffer.from(needle.bytes).readUInt32LE(0);
      const alike = byPrefix.get(prefix);
      if (alike === undefined) byPrefix.set(prefix, [needle]);
      else alike.push(needle);
    }
    const found = new Set<Needle>();
    for (const piece of this.seen.values()) {
      for (let at = 0; at + PREFIX_BYTES <= piece.length; at += 1) {
        for (const needle of byPrefix.get(piece.readUInt32LE(at)) ?? []) {
          if (piece.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle);
        }
      }
    }
    return [...found];
  }
}
