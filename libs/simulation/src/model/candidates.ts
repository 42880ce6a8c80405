import type { Identifiers, Point } from './identifiers.ts';

/** How far a lookup has come with a member; the names are those of `libs/network/src/routing`. */
export const STATE = { own: 0, heard: 1, asked: 2, slow: 3, answered: 4, failed: 5 } as const;

/** Members that a lookup keeps in mind, as in `libs/network/src/routing/lookup.ts`, and itself. */
const MAX_CANDIDATES = 1_001;

/** The members that one lookup has heard of, ordered by their distance to its target; used again for the next. */
export class Candidates {
  readonly node = new Uint32Array(MAX_CANDIDATES);
  /** How many members it takes to get there: 1 for those in the asker's own table. */
  readonly depth = new Uint8Array(MAX_CANDIDATES);
  /** A value of {@link STATE}. */
  readonly state = new Uint8Array(MAX_CANDIDATES);
  /** A bit for each path that may ask it. */
  readonly paths = new Uint16Array(MAX_CANDIDATES);
  /** Candidates, the closest first. */
  readonly order = new Uint16Array(MAX_CANDIDATES);
  size = 0;
  private readonly high = new Uint32Array(MAX_CANDIDATES);
  private readonly low = new Uint32Array(MAX_CANDIDATES);
  private readonly ids: Identifiers;
  /** Which lookup last heard of a node, and as which candidate. */
  private readonly heardIn: Uint32Array;
  private readonly candidateOf: Uint16Array;
  private lookup = 0;
  private target: Point = { high: 0, low: 0 };

  constructor(ids: Identifiers) {
    this.ids = ids;
    this.heardIn = new Uint32Array(ids.count);
    this.candidateOf = new Uint16Array(ids.count);
  }

  /** Forgets everybody. */
  begin(target: Point): void {
    this.lookup += 1;
    this.target = target;
    this.size = 0;
  }

  /**
   * Hears of a node.
   * @param path who may ask it, as a bit; what has been asked already stays with who asked
   */
  hear(node: number, depth: number, path: number): void {
    const known = this.heardIn[node] === this.lookup ? (this.candidateOf[node] ?? 0) : this.add(node, depth);
    if (known === undefined || this.state[known] !== STATE.heard) return;
    if (depth < (this.depth[known] ?? 0)) this.depth[known] = depth;
    this.paths[known] = (this.paths[known] ?? 0) | path;
  }

  /** Takes up the asker itself, which nobody asks. */
  addOwn(node: number): void {
    const own = this.add(node, 0);
    if (own !== undefined) this.state[own] = STATE.own;
  }

  private add(node: number, depth: number): number | undefined {
    if (this.size === MAX_CANDIDATES) return undefined;
    const candidate = this.size++;
    this.heardIn[node] = this.lookup;
    this.candidateOf[node] = candidate;
    this.node[candidate] = node;
    this.depth[candidate] = depth;
    this.state[candidate] = STATE.heard;
    this.paths[candidate] = 0;
    this.high[candidate] = ((this.ids.high[node] ?? 0) ^ this.target.high) >>> 0;
    this.low[candidate] = ((this.ids.low[node] ?? 0) ^ this.target.low) >>> 0;
    const place = this.placeOf(candidate);
    this.order.copyWithin(place + 1, place, candidate);
    this.order[place] = candidate;
    return candidate;
  }

  /** Where a new candidate belongs among those before it. */
  private placeOf(candidate: number): number {
    let below = 0;
    let above = candidate;
    while (below < above) {
      const middle = (below + above) >>> 1;
      if (this.isCloser(candidate, this.order[middle] ?? 0)) above = middle;
      else below = middle + 1;
    }
    return below;
  }

  private isCloser(left: number, right: number): boolean {
    const [leftHigh, rightHigh] = [this.high[left] ?? 0, this.high[right] ?? 0];
    return leftHigh === rightHigh ? (this.low[left] ?? 0) < (this.low[right] ?? 0) : leftHigh < rightHigh;
  }
}
