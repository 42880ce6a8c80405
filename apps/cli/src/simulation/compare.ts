import { parametersOf, simulate } from '@carecord/simulation';
import type { Parameters } from '@carecord/simulation';
import { runRealNetwork } from './real-network.ts';

/** What a lookup takes in a network of a given size, simulated or real. */
export interface ComparedFigures {
  /** Share of the values that were read. */
  readonly found: number;
  /** Mean of the longest chain that led to one of the members found: what a node counts as hops; `undefined` when no lookup was needed. */
  readonly hops: number | undefined;
  /** Mean number of questions of a lookup; `undefined` when none was needed. */
  readonly queries: number | undefined;
  /** Mean number of questions until a value was read. A real node first asks the closest of those that it knows, and makes no lookup when one of them has it. */
  readonly messages: number;
}

/** A prediction and what became of it. */
export interface Comparison {
  readonly nodes: number;
  readonly lookups: number;
  readonly simulated: ComparedFigures;
  readonly real: ComparedFigures;
}

/** A few ids are not much like the next few: so many networks are simulated for each real one. */
const SIMULATED_NETWORKS = 20;

/** Simulates networks of a size, then runs real nodes, without anything that goes wrong in either. */
export async function compareWithReal(parameters: Parameters, nodes: number, lookups: number): Promise<Comparison> {
  const simulated = predict(parameters, nodes, lookups);
  const real = await runRealNetwork({ nodes, lookups, replication: parameters.replication, seed: parameters.seed });
  return { nodes, lookups, simulated, real };
}

function predict({ seed, replication }: Parameters, nodes: number, lookups: number): ComparedFigures {
  const runs = Array.from({ length: SIMULATED_NETWORKS }, (_, at) => simulate(parametersOf({ nodes, lookups, replication, seed: seed + at, regions: 'building' })));
  const mean = (value: (run: (typeof runs)[number]) => number): number => runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
  return {
    found: mean(({ found }) => found),
    hops: mean(({ longestChain }) => longestChain.mean),
    queries: mean(({ queries }) => queries.mean),
    messages: mean(({ messages }) => messages.mean),
  };
}
