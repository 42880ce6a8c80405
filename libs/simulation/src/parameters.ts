import type { RegionName } from './model/regions.ts';
import { SimulationError } from './simulation-error.ts';

/** What malicious members do. */
export type Malice = 'liar' | 'withholder' | 'garbage' | 'mixed';

/** What a simulated network is like. Shares are from 0 to 1. */
export interface Parameters {
  readonly nodes: number;
  readonly lookups: number;
  /** The same seed gives the same result on every machine. */
  readonly seed: number;
  /** k: contacts a bucket, and in an answer. */
  readonly bucketSize: number;
  /** alpha: questions that a path has open at once. */
  readonly parallel: number;
  /** Paths that share no member. */
  readonly paths: number;
  /** A path has arrived when so many of its closest have answered. */
  readonly arrived: number;
  /** Questions open at once when the paths have arrived. */
  readonly finalParallel: number;
  /** Members that keep each value. */
  readonly replication: number;
  /** After so many milliseconds another member is asked beside one that has not answered. */
  readonly patienceMilliseconds: number;
  /** No question takes longer. */
  readonly queryMilliseconds: number;
  /** No lookup takes longer. */
  readonly lookupMilliseconds: number;
  /** Time between two refreshes of tables and repairs of values. */
  readonly repairMinutes: number;
  /** Time after which an owner publishes its values anew. */
  readonly republishHours: number;
  /** Mean time for which a node stays; `undefined`: nobody comes or goes. */
  readonly sessionHours: number | undefined;
  /** Of all messages, those that get lost. */
  readonly lossShare: number;
  readonly maliciousShare: number;
  readonly malice: Malice;
  readonly blackHoledShare: number;
  /** Of all nodes, those that die at once, just before the lookups. */
  readonly deadShare: number;
  readonly regions: RegionName;
}

/** The parameters of the product; what is not named here is chosen for the question at hand. */
export const DEFAULT_PARAMETERS: Parameters = {
  nodes: 10_000,
  lookups: 10_000,
  seed: 1,
  bucketSize: 20,
  parallel: 3,
  paths: 3,
  arrived: 3,
  finalParallel: 6,
  replication: 5,
  patienceMilliseconds: 1_000,
  queryMilliseconds: 10_000,
  lookupMilliseconds: 10_000,
  repairMinutes: 60,
  republishHours: 22,
  sessionHours: undefined,
  lossShare: 0,
  maliciousShare: 0,
  malice: 'mixed',
  blackHoledShare: 0,
  deadShare: 0,
  regions: 'europe',
};

/** The most nodes whose tables fit in 3 GB of memory together with everything else. */
export const MAX_NODES = 1_000_000;
/** Enough for three digits of any share; more would not say more. */
export const MAX_LOOKUPS = 1_000_000;
/** The network's own bounds (configuration of a node). */
const REPLICATION = { least: 3, most: 12 };
/** Seeds stay exact in a double. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;
/** Beyond these a chart or a table would only show its edge. */
const MAX_MINUTES = 60 * 24 * 365;

/** What a number may be: its least and most, and whether it is whole. */
type Bounds = readonly [least: number, most: number, whole: boolean];

const BOUNDS: Readonly<Partial<Record<keyof Parameters, Bounds>>> = {
  nodes: [2, MAX_NODES, true],
  lookups: [1, MAX_LOOKUPS, true],
  seed: [0, MAX_SEED, true],
  bucketSize: [1, 64, true],
  parallel: [1, 16, true],
  paths: [1, 16, true],
  arrived: [1, 64, true],
  finalParallel: [1, 64, true],
  replication: [REPLICATION.least, REPLICATION.most, true],
  patienceMilliseconds: [1, 600_000, false],
  queryMilliseconds: [1, 600_000, false],
  lookupMilliseconds: [1, 600_000, false],
  repairMinutes: [1, MAX_MINUTES, false],
  republishHours: [1, MAX_MINUTES / 60, false],
  sessionHours: [0.1, MAX_MINUTES / 60, false],
  lossShare: [0, 1, false],
  maliciousShare: [0, 1, false],
  blackHoledShare: [0, 1, false],
  deadShare: [0, 1, false],
};

/**
 * Completes and checks parameters.
 * @throws SimulationError `PARAMETER_INVALID`
 */
export function parametersOf(chosen: Partial<Parameters>): Parameters {
  const parameters = { ...DEFAULT_PARAMETERS, ...chosen };
  for (const [name, bounds] of Object.entries(BOUNDS)) checkNumber(name, parameters[name as keyof Parameters], bounds);
  if (parameters.maliciousShare + parameters.blackHoledShare > 1) {
    throw new SimulationError('PARAMETER_INVALID', 'The malicious and the black-holed together cannot be more than all members.');
  }
  return parameters;
}

function checkNumber(name: string, value: unknown, [least, most, whole]: Bounds): void {
  if (value === undefined && name === 'sessionHours') return;
  if (typeof value !== 'number' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
    throw new SimulationError('PARAMETER_INVALID', `${name} must be ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}.`);
  }
}
