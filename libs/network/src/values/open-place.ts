import { placeId } from './placement.ts';
import type { GivenValue } from './answer-check.ts';
import type { ReadQuestion } from './read-protocol.ts';

/** How many answers with a value end the reading of a place. */
export type Quorum = number;

/** One place that is being read: whom to ask, who has answered, what was found. */
export class OpenPlace {
  /** The newest value of each owner and key. */
  private readonly newest = new Map<string, GivenValue>();
  private readonly asked = new Map<string, { active: boolean }>();
  private readonly answered = new Set<string>();
  /** Sequences that members gave, for those who are behind. */
  private readonly given: { readonly from: string; readonly id: string; readonly sequence: number }[] = [];
  private withValue = 0;
  /** Whether the candidates are all that there could be. */
  isExplored = false;
  /** A lookup is under way. */
  isExploring = false;

  /**
   * @param candidates DIDs, the closest first, ourselves among them where we are that close
   * @param shunned those of them that are asked last
   * @param replication how many of the closest should have it
   * @param ownDid whom not to ask: our own store is looked into first
   */
  constructor(
    readonly question: ReadQuestion,
    readonly placement: Uint8Array,
    private candidates: readonly string[],
    private readonly quorum: Quorum,
    private readonly replication: number,
    ownDid: string,
    private readonly shunned: ReadonlySet<string> = new Set(),
  ) {
    this.asked.set(ownDid, { active: false });
  }

  /** Counts an answer; one without values says that there is none. */
  answer(from: string, values: readonly GivenValue[]): void {
    this.release(from);
    if (this.answered.has(from)) return;
    this.answered.add(from);
    if (values.length > 0) this.withValue += 1;
    for (const value of values) this.keepNewest(from, value);
  }

  /** What our own store has, where that is no answer: we are not among those who should know. */
  hint(values: readonly GivenValue[], from: string): void {
    for (const value of values) this.keepNewest(from, value);
  }

  /** This member will not answer any more. */
  fail(from: string): void {
    this.release(from);
  }

  /** This member is slow: the next one is asked meanwhile, and its answer still counts. */
  overtake(from: string): void {
    this.release(from);
  }

  /** Sets who is closest after a lookup. */
  explored(candidates: readonly string[]): void {
    this.isExploring = false;
    this.isExplored = true;
    const rest = this.candidates.filter((did) => !candidates.includes(did));
    this.candidates = [...candidates, ...rest];
  }

  /**
   * Enough have given a value, or so many have answered as should have it. That there is nothing is believed only when each of those has
   * had its chance: the one that is left of five storers may answer last.
   */
  get isSettled(): boolean {
    if (this.withValue >= Math.min(this.quorum, this.closest.length)) return true;
    if (this.answered.size < this.closest.length) return false;
    return this.withValue > 0 || (this.isExplored && !this.closest.some((did) => this.isAwaited(did)));
  }

  /** Whether those that are closest by our own knowledge were all asked without enough of an answer. */
  get wantsExploring(): boolean {
    return !this.isExplored && !this.isExploring && !this.isSettled && this.closest.every((did) => this.asked.has(did) || this.answered.has(did));
  }

  /** Whether enough of those who should have the value have answered. */
  get isComplete(): boolean {
    const { closest } = this;
    return closest.filter((did) => this.answered.has(did)).length >= Math.floor(closest.length / 2) + 1;
  }

  /** Whom to ask now, so that enough answers may come. */
  takeNext(): string[] {
    const next: string[] = [];
    const active = [...this.asked.values()].filter((ask) => ask.active).length;
    const wanted = Math.max(1, this.quorum - this.withValue) + 1 - active;
    for (const did of this.inAskingOrder()) {
      if (next.length >= wanted) break;
      if (this.asked.has(did) || this.answered.has(did)) continue;
      this.asked.set(did, { active: true });
      next.push(did);
    }
    return next;
  }

  /** The newest valid value of each owner. */
  get values(): GivenValue[] {
    return [...this.newest.values()];
  }

  /** Members that gave an older value than the newest of its owner, each with that one. */
  get behind(): { readonly did: string; readonly value: GivenValue }[] {
    return this.given.flatMap(({ from, id, sequence }) => {
      const value = this.newest.get(id);
      return value !== undefined && value.meta.sequence > sequence ? [{ did: from, value }] : [];
    });
  }

  private get closest(): readonly string[] {
    return this.candidates.slice(0, this.replication);
  }

  /** Not asked yet, or asked and neither answered, failed nor overtaken. */
  private isAwaited(did: string): boolean {
    return !this.answered.has(did) && (this.asked.get(did)?.active ?? true);
  }

  private inAskingOrder(): string[] {
    return [...this.candidates.filter((did) => !this.shunned.has(did)), ...this.candidates.filter((did) => this.shunned.has(did))];
  }

  private release(from: string): void {
    const ask = this.asked.get(from);
    if (ask !== undefined) ask.active = false;
  }

  private keepNewest(from: string, value: GivenValue): void {
    const id = `${value.meta.owner} ${placeId(value.namespace, value.key)}`;
    const known = this.newest.get(id);
    if (known === undefined || known.meta.sequence < value.meta.sequence) this.newest.set(id, value);
    this.given.push({ from, id, sequence: value.meta.sequence });
  }
}
