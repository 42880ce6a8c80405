import { RetrievalModel } from './measures/retrieval.ts';
import { distributionOf, quantile, spreadOf } from './measures/statistics.ts';
import type { Distribution, Spread } from './measures/statistics.ts';
import { closestNodes, drawPoint } from './model/identifiers.ts';
import type { Point } from './model/identifiers.ts';
import { LookupModel } from './model/lookup.ts';
import type { LookupOutcome } from './model/lookup.ts';
import { BEHAVIOUR, buildNetwork } from './model/network-model.ts';
import type { NetworkModel } from './model/network-model.ts';
import { Random } from './model/random.ts';
import type { Parameters } from './parameters.ts';
import { expectedHops } from './theory.ts';

/** What a run of lookups showed. Times are simulated milliseconds. */
export interface SimulationResult {
  readonly parameters: Parameters;
  /** Nodes that ran while the lookups were made. */
  readonly nodesAlive: number;
  readonly lookups: number;
  /** Share of the values that were read. */
  readonly found: number;
  /** Share of the lookups whose closest member was the one that truly is. */
  readonly closestFound: number;
  /** Share of the lookups that named exactly the `replication` members that truly are the closest of those that answer. */
  readonly allFound: number;
  /** Share of the lookups that reached their time limit, or that nobody answered. */
  readonly incomplete: number;
  /** Members in the chain that led to the closest, that one included; 0 where it was the asker. */
  readonly hops: Distribution;
  /** The longest chain that led to any of the members found: what a node counts as hops. */
  readonly longestChain: Distribution;
  readonly expectedHops: ExpectedHops;
  /** Questions of a lookup. */
  readonly queries: Distribution;
  /** Questions of the lookup and those for the value. */
  readonly messages: Distribution;
  readonly lookupMilliseconds: Distribution;
  /** Of the values that were read: lookup and reading. */
  readonly retrievalMilliseconds: Distribution;
  /** A share of them in each of so many equally wide steps up to the p99. */
  readonly retrievalTimes: readonly number[];
  /** Questions that nodes were asked. */
  readonly load: Spread;
  /** Values that a node keeps, of as many as there were lookups. */
  readonly storage: Spread;
  readonly tableContacts: number;
  readonly tableBytes: number;
}

/** By {@link expectedHops}. */
export interface ExpectedHops {
  /** One chain that always goes to the best that it knows. */
  readonly greedy: number;
  /** What can at best be had from as many questions as are open at once. */
  readonly leastInParallel: number;
}

/** Told how far a run is, from 0 to 1. */
export type OnProgress = (share: number) => void;

/** How many lookups are made between two reports of progress. */
const PROGRESS_EVERY = 500;

/** Builds a network and makes lookups for the places of values, each from a random honest member. */
export function simulate(parameters: Parameters, onProgress: OnProgress = () => undefined): SimulationResult {
  return simulateOn(buildNetwork(parameters), onProgress);
}

/** As {@link simulate}, on a network that has been built. */
export function simulateOn(network: NetworkModel, onProgress: OnProgress = () => undefined): SimulationResult {
  const { parameters } = network;
  const random = new Random(parameters.seed, 'lookups');
  const lookups = new LookupModel(network, new Random(parameters.seed, 'messages'));
  const retrieval = new RetrievalModel(network, new Random(parameters.seed, 'reading'));
  const tally = new Tally(network);
  for (let at = 0; at < parameters.lookups; at += 1) {
    const asker = drawAsker(network, random);
    if (asker === undefined) break;
    const place = drawPoint(random);
    const outcome = lookups.run(asker, place);
    const holders = retrieval.holders(place, parameters.replication);
    tally.add(place, outcome, holders, retrieval.read(asker, outcome.contacts, holders, parameters.replication));
    if ((at + 1) % PROGRESS_EVERY === 0) onProgress((at + 1) / parameters.lookups);
  }
  return tally.result(lookups.load);
}

/** How often it is tried to draw a member that runs and is honest, before it is taken that there is none. */
const DRAWS = 10_000;

/** A random member that runs and is honest; `undefined` when there is hardly any. */
export function drawAsker({ alive, behaviour, ids }: NetworkModel, random: Random): number | undefined {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const node = random.below(ids.count);
    if (alive[node] === 1 && behaviour[node] === BEHAVIOUR.honest) return node;
  }
  return undefined;
}

/** Steps of the distribution of times. */
const TIME_STEPS = 60;

/** Counts what lookups and readings showed. */
class Tally {
  private readonly network: NetworkModel;
  private readonly answering: Uint8Array;
  private readonly stored: Uint32Array;
  private readonly samples: Readonly<Record<'hops' | 'chain' | 'queries' | 'messages' | 'lookupTime' | 'readTime', Float64Array>>;
  private lookups = 0;
  private found = 0;
  private closestFound = 0;
  private allFound = 0;
  private incomplete = 0;

  constructor(network: NetworkModel) {
    const samples = (): Float64Array => new Float64Array(network.parameters.lookups);
    this.network = network;
    // Whoever answers questions of routing can be found: that a member withholds values does not show there.
    this.answering = network.alive.map((alive, node) => (alive === 1 && network.behaviour[node] !== BEHAVIOUR.garbage && network.behaviour[node] !== BEHAVIOUR.blackHole ? 1 : 0));
    this.stored = new Uint32Array(network.ids.count);
    this.samples = { hops: samples(), chain: samples(), queries: samples(), messages: samples(), lookupTime: samples(), readTime: samples() };
  }

  add(place: Point, outcome: LookupOutcome, holders: readonly number[], reading: { readonly found: boolean; readonly milliseconds: number; readonly messages: number }): void {
    const { hops, chain, queries, messages, lookupTime, readTime } = this.samples;
    const truth = closestNodes(this.network.ids, place, this.network.parameters.replication, this.answering);
    hops[this.lookups] = outcome.hops;
    chain[this.lookups] = outcome.longestChain;
    queries[this.lookups] = outcome.queries;
    messages[this.lookups] = outcome.queries + reading.messages;
    lookupTime[this.lookups] = outcome.milliseconds;
    if (reading.found) readTime[this.found++] = outcome.milliseconds + reading.milliseconds;
    if (truth.length > 0 && truth[0] === outcome.contacts[0]) this.closestFound += 1;
    if (truth.every((node, at) => node === outcome.contacts[at])) this.allFound += 1;
    if (!outcome.complete) this.incomplete += 1;
    for (const holder of holders) this.stored[holder] = (this.stored[holder] ?? 0) + 1;
    this.lookups += 1;
  }

  result(load: Uint32Array): SimulationResult {
    const { parameters, alive, established, ids, tables } = this.network;
    const share = (count: number): number => (this.lookups === 0 ? 0 : count / this.lookups);
    const of = (samples: Float64Array): Distribution => distributionOf(samples.subarray(0, this.lookups));
    const read = this.samples.readTime.subarray(0, this.found);
    const nodesAlive = alive.reduce((sum, value) => sum + value, 0);
    return {
      parameters,
      nodesAlive,
      lookups: this.lookups,
      found: share(this.found),
      closestFound: share(this.closestFound),
      allFound: share(this.allFound),
      incomplete: share(this.incomplete),
      hops: of(this.samples.hops),
      longestChain: of(this.samples.chain),
      expectedHops: {
        greedy: expectedHops(parameters.nodes, parameters.bucketSize),
        leastInParallel: expectedHops(parameters.nodes, parameters.bucketSize, parameters.paths * parameters.parallel),
      },
      queries: of(this.samples.queries),
      messages: of(this.samples.messages),
      lookupMilliseconds: of(this.samples.lookupTime),
      retrievalMilliseconds: distributionOf(read),
      retrievalTimes: histogramOf(read),
      load: spreadOf(load.filter((_, node) => alive[node] === 1)),
      storage: spreadOf(this.stored.filter((_, node) => established[node] === 1)),
      tableContacts: tables.size / ids.count,
      tableBytes: tables.bytes,
    };
  }
}

/** The share of sorted samples in each of {@link TIME_STEPS} equal steps from 0 to their p99. */
function histogramOf(sorted: Float64Array): number[] {
  const steps = Array.from({ length: TIME_STEPS }, () => 0);
  const end = quantile(sorted, 0.99);
  for (const sample of sorted) {
    const step = Math.floor((sample / end) * TIME_STEPS);
    if (step < TIME_STEPS) steps[step] = (steps[step] ?? 0) + 1 / sorted.length;
  }
  return steps;
}
