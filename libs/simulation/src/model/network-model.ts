import { drawIdentifiers } from './identifiers.ts';
import type { Identifiers } from './identifiers.ts';
import { Random } from './random.ts';
import { REGION_MODELS } from './regions.ts';
import type { RegionModel } from './regions.ts';
import { RoutingTables } from './routing-tables.ts';
import type { Parameters } from '../parameters.ts';

/** How a member behaves. */
export const BEHAVIOUR = {
  honest: 0,
  /** Names accomplices alone, and gives out no values. */
  liar: 1,
  /** Leads others to the right members, and says that it has no values. */
  withholder: 2,
  /** Answers what nobody can read. */
  garbage: 3,
  /** Takes questions and never answers. */
  blackHole: 4,
} as const;

/** A network at the moment at which lookups begin. */
export interface NetworkModel {
  readonly parameters: Parameters;
  readonly ids: Identifiers;
  /** 1 for nodes that are running now. */
  readonly alive: Uint8Array;
  /** 1 for nodes that were running when tables and values were last brought up to date. */
  readonly established: Uint8Array;
  /** A value of {@link BEHAVIOUR}. */
  readonly behaviour: Uint8Array;
  readonly region: Uint8Array;
  readonly regions: RegionModel;
  readonly tables: RoutingTables;
  /** The liars, ascending. */
  readonly liars: Uint32Array;
}

const MINUTES_PER_HOUR = 60;

/** The same network after more of its nodes have died at once: neither tables nor values know of it. */
export function withDead(network: NetworkModel, deadShare: number): NetworkModel {
  const alive = network.alive.slice();
  kill(alive, deadShare, new Random(network.parameters.seed, 'killed'));
  return { ...network, alive };
}

/** Draws a network: ids, who behaves how and stands where, who has gone and come since the last repair, who is dead; and builds its tables. */
export function buildNetwork(parameters: Parameters): NetworkModel {
  const leaving = leavingShare(parameters);
  const newcomers = Math.round(parameters.nodes * leaving);
  const count = parameters.nodes + newcomers;
  const ids = drawIdentifiers(count, new Random(parameters.seed, 'ids'));
  const established = new Uint8Array(count).fill(1);
  for (const node of chooseNodes(count, newcomers, new Random(parameters.seed, 'newcomers'))) established[node] = 0;
  const alive = drawAlive(parameters, established, leaving);
  const behaviour = drawBehaviour(parameters, count);
  const knowledge = { established: nodesWith(established, 1), newcomers: nodesWith(established, 0) };
  const regions = REGION_MODELS[parameters.regions];
  return {
    parameters,
    ids,
    alive,
    established,
    behaviour,
    region: drawRegions(parameters, regions, count),
    regions,
    tables: RoutingTables.build(ids, knowledge, parameters.bucketSize, new Random(parameters.seed, 'tables')),
    liars: nodesWith(behaviour, BEHAVIOUR.liar),
  };
}

/** The share of nodes that leave between two repairs, when sessions are exponentially distributed: `1 - exp(-interval / mean session)`. */
export function leavingShare({ sessionHours, repairMinutes }: Pick<Parameters, 'sessionHours' | 'repairMinutes'>): number {
  return sessionHours === undefined ? 0 : 1 - Math.exp(-repairMinutes / MINUTES_PER_HOUR / sessionHours);
}

/** The indices at which a typed array has a value, ascending. */
export function nodesWith(values: Uint8Array, wanted: number): Uint32Array {
  let count = 0;
  for (const value of values) if (value === wanted) count += 1;
  const nodes = new Uint32Array(count);
  let at = 0;
  for (const [node, value] of values.entries()) if (value === wanted) nodes[at++] = node;
  return nodes;
}

/** So many different ones of `count` nodes, in random order. */
export function chooseNodes(count: number, wanted: number, random: Random): Uint32Array {
  const nodes = Uint32Array.from({ length: count }, (_, node) => node);
  for (let at = 0; at < wanted; at += 1) {
    const other = at + random.below(count - at);
    const node = nodes[at] ?? 0;
    nodes[at] = nodes[other] ?? 0;
    nodes[other] = node;
  }
  return nodes.subarray(0, wanted);
}

/** Exactly the share that leaves, then exactly the share that is killed among those that are left. */
function drawAlive(parameters: Parameters, established: Uint8Array, leaving: number): Uint8Array {
  const alive = new Uint8Array(established.length).fill(1);
  const before = nodesWith(established, 1);
  const random = new Random(parameters.seed, 'dead');
  for (const at of chooseNodes(before.length, Math.round(before.length * leaving), random)) alive[before[at] ?? 0] = 0;
  kill(alive, parameters.deadShare, random);
  return alive;
}

function kill(alive: Uint8Array, share: number, random: Random): void {
  const nodes = nodesWith(alive, 1);
  for (const at of chooseNodes(nodes.length, Math.round(nodes.length * share), random)) alive[nodes[at] ?? 0] = 0;
}

function drawBehaviour(parameters: Parameters, count: number): Uint8Array {
  const behaviour = new Uint8Array(count);
  const malicious = Math.round(count * parameters.maliciousShare);
  const chosen = chooseNodes(count, malicious + Math.round(count * parameters.blackHoledShare), new Random(parameters.seed, 'behaviour'));
  const kinds = parameters.malice === 'mixed' ? [BEHAVIOUR.liar, BEHAVIOUR.withholder, BEHAVIOUR.garbage] : [BEHAVIOUR[parameters.malice]];
  for (const [at, node] of chosen.entries()) behaviour[node] = at < malicious ? (kinds[at % kinds.length] ?? BEHAVIOUR.liar) : BEHAVIOUR.blackHole;
  return behaviour;
}

function drawRegions(parameters: Parameters, { shares }: RegionModel, count: number): Uint8Array {
  const random = new Random(parameters.seed, 'regions');
  return new Uint8Array(count).map(() => {
    let rest = random.unit();
    return Math.max(0, shares.findIndex((share) => (rest -= share) < 0));
  });
}
