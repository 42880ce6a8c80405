import { Candidates, STATE } from './candidates.ts';
import type { Point } from './identifiers.ts';
import { MessageModel } from './messages.ts';
import { BEHAVIOUR } from './network-model.ts';
import type { NetworkModel } from './network-model.ts';
import type { Random } from './random.ts';

/** What one lookup found, and what it took. */
export interface LookupOutcome {
  /** Nodes that answered, the closest first; the asker among them where it is that close. */
  readonly contacts: readonly number[];
  /** Members in the chain that led to the closest of them, that one included. */
  readonly hops: number;
  /** The longest chain that led to any of them. */
  readonly longestChain: number;
  readonly queries: number;
  /** Simulated time. */
  readonly milliseconds: number;
  /** Whether it ended before its time limit, with an answer from anybody. */
  readonly complete: boolean;
}

/** A question that has been asked. */
interface Question {
  readonly candidate: number;
  readonly path: number;
  /** When its answer comes, or the asker learns that none will. */
  readonly endsAt: number;
  readonly answered: boolean;
  /** When nobody waits for it any longer; Infinity when that has happened. */
  slowAt: number;
}

/**
 * The lookup of `libs/network/src/routing/lookup.ts` in simulated time: disjoint paths, none of which asks whom another one asks, each
 * go to the members closest to the target that it hears of; then the closest that any of them heard of are asked, until all of those have answered.
 */
export class LookupModel {
  /** Questions that each node has been asked. */
  readonly load: Uint32Array;
  private readonly network: NetworkModel;
  private readonly candidates: Candidates;
  private readonly messages: MessageModel;
  private readonly answer: Uint32Array;
  private open: Question[] = [];
  private now = 0;
  private queries = 0;
  private asker = 0;
  private target: Point = { high: 0, low: 0 };

  constructor(network: NetworkModel, random: Random) {
    this.network = network;
    this.candidates = new Candidates(network.ids);
    this.messages = new MessageModel(network, random);
    this.answer = new Uint32Array(network.parameters.bucketSize);
    this.load = new Uint32Array(network.ids.count);
  }

  /** One lookup of the k closest nodes. */
  run(asker: number, target: Point): LookupOutcome {
    const { parameters } = this.network;
    this.begin(asker, target);
    const paths = Array.from({ length: parameters.paths }, (_, path) => path);
    const inTime = this.ask(paths, parameters.parallel, (path) => this.nextOnPath(path));
    const everybody = parameters.paths;
    return this.outcome(inTime && this.ask([everybody], parameters.finalParallel, () => this.nextOfClosest()));
  }

  private begin(asker: number, target: Point): void {
    this.candidates.begin(target);
    this.open = [];
    this.now = 0;
    this.queries = 0;
    this.asker = asker;
    this.target = target;
    this.candidates.addOwn(asker);
    const count = this.network.tables.closest(asker, target, this.answer, asker);
    for (let at = 0; at < count; at += 1) this.candidates.hear(this.answer[at] ?? 0, 1, 0);
    this.dealToPaths();
  }

  /** The first is the first path's, the second the second's, and so on. */
  private dealToPaths(): void {
    const { order, paths, state, size } = this.candidates;
    let dealt = 0;
    for (let place = 0; place < size; place += 1) {
      const candidate = order[place] ?? 0;
      if (state[candidate] === STATE.own) continue;
      paths[candidate] = 1 << dealt % this.network.parameters.paths;
      dealt += 1;
    }
  }

  /**
   * Asks until no path has anybody to ask and none waits for an answer.
   * @returns whether that happened within the lookup's time limit
   */
  private ask(paths: readonly number[], atOnce: number, next: (path: number) => number | undefined): boolean {
    const busy = paths.map(() => 0);
    for (;;) {
      for (const [at, path] of paths.entries()) {
        while ((busy[at] ?? 0) < atOnce) {
          const candidate = next(path);
          if (candidate === undefined) break;
          this.question(candidate, path);
          busy[at] = (busy[at] ?? 0) + 1;
        }
      }
      if (busy.every((count) => count === 0)) return true;
      const freed = this.nextEvent();
      if (freed === undefined) return false;
      const at = paths.indexOf(freed);
      if (at >= 0) busy[at] = (busy[at] ?? 0) - 1;
    }
  }

  private question(candidate: number, path: number): void {
    const { parameters } = this.network;
    const node = this.candidates.node[candidate] ?? 0;
    const { milliseconds, answered } = this.messages.exchange(this.asker, node);
    this.candidates.state[candidate] = STATE.asked;
    this.queries += 1;
    this.load[node] = (this.load[node] ?? 0) + 1;
    this.open.push({ candidate, path, answered, endsAt: this.now + milliseconds, slowAt: this.now + parameters.patienceMilliseconds });
  }

  /**
   * Lets time pass until something happens.
   * @returns the path that has a free place now, -1 when none has; `undefined` when the time limit has come
   */
  private nextEvent(): number | undefined {
    let first: Question | undefined;
    for (const question of this.open) if (first === undefined || momentOf(question) < momentOf(first)) first = question;
    if (first === undefined) return undefined;
    const moment = momentOf(first);
    const limit = this.network.parameters.lookupMilliseconds;
    this.now = Math.min(moment, limit);
    if (moment > limit) return undefined;
    if (first.slowAt < first.endsAt) {
      first.slowAt = Infinity;
      this.candidates.state[first.candidate] = STATE.slow;
      return first.path;
    }
    this.open.splice(this.open.indexOf(first), 1);
    this.end(first);
    return first.slowAt === Infinity ? -1 : first.path;
  }

  private end({ candidate, path, answered }: Question): void {
    this.candidates.state[candidate] = answered ? STATE.answered : STATE.failed;
    if (!answered) return;
    const node = this.candidates.node[candidate] ?? 0;
    const depth = (this.candidates.depth[candidate] ?? 0) + 1;
    const count = this.network.behaviour[node] === BEHAVIOUR.liar ? this.accomplices(node) : this.network.tables.closest(node, this.target, this.answer, this.asker);
    // In the last phase everybody who was known when it began may be asked, and everybody named since.
    const bit = path < this.network.parameters.paths ? 1 << path : 0;
    for (let at = 0; at < count; at += 1) this.candidates.hear(this.answer[at] ?? 0, depth, bit);
  }

  /** The accomplices closest to the target: the liars stand in one list in the order of their ids, and those beside the target there are as close as any. */
  private accomplices(liar: number): number {
    const { liars, ids } = this.network;
    let below = 0;
    let above = liars.length;
    while (below < above) {
      const middle = (below + above) >>> 1;
      const node = liars[middle] ?? 0;
      const high = ids.high[node] ?? 0;
      if (high > this.target.high || (high === this.target.high && (ids.low[node] ?? 0) >= this.target.low)) above = middle;
      else below = middle + 1;
    }
    const wanted = Math.min(this.answer.length, liars.length);
    const start = Math.max(0, Math.min(below - (wanted >>> 1), liars.length - wanted));
    let count = 0;
    for (let at = start; at < start + wanted; at += 1) if (liars[at] !== liar) this.answer[count++] = liars[at] ?? 0;
    return count;
  }

  /** Of the closest that a path may ask, one that it has not; nobody when it has arrived, or its next step depends on an open question. */
  private nextOnPath(path: number): number | undefined {
    const { order, paths, state, size } = this.candidates;
    let usable = 0;
    for (let place = 0; place < size; place += 1) {
      const candidate = order[place] ?? 0;
      if (((paths[candidate] ?? 0) & (1 << path)) === 0) continue;
      if (state[candidate] === STATE.heard) return candidate;
      if (state[candidate] === STATE.asked || state[candidate] === STATE.answered) usable += 1;
      if (usable === this.network.parameters.arrived) return undefined;
    }
    return undefined;
  }

  /** Of the closest that anybody has named, the asker counted, one that was not asked. */
  private nextOfClosest(): number | undefined {
    const { order, state, size } = this.candidates;
    let usable = 0;
    for (let place = 0; place < size; place += 1) {
      const candidate = order[place] ?? 0;
      if (state[candidate] === STATE.heard) return candidate;
      if (state[candidate] !== STATE.slow && state[candidate] !== STATE.failed) usable += 1;
      if (usable === this.network.parameters.bucketSize) return undefined;
    }
    return undefined;
  }

  private outcome(inTime: boolean): LookupOutcome {
    const { order, node, depth, state, size } = this.candidates;
    const contacts: number[] = [];
    let longestChain = 0;
    let hops = 0;
    let answered = 0;
    for (let place = 0; place < size && contacts.length < this.network.parameters.bucketSize; place += 1) {
      const candidate = order[place] ?? 0;
      if (state[candidate] !== STATE.answered && state[candidate] !== STATE.own) continue;
      if (contacts.length === 0) hops = depth[candidate] ?? 0;
      longestChain = Math.max(longestChain, depth[candidate] ?? 0);
      contacts.push(node[candidate] ?? 0);
      if (state[candidate] === STATE.answered) answered += 1;
    }
    return { contacts, hops, longestChain, queries: this.queries, milliseconds: this.now, complete: inTime && (answered > 0 || this.queries === 0) };
  }
}

function momentOf({ endsAt, slowAt }: Question): number {
  return Math.min(endsAt, slowAt);
}
