/** A DHT of up to a million hospitals on one machine: Kademlia as `libs/network` has it, in typed arrays and simulated time. */
export { hopsChart, killsChart, spreadChart, survivalChart, timesChart } from './charts/charts.ts';
export { COMPARED_REPLICATIONS, simulateKills } from './kills.ts';
export { buildNetwork } from './model/network-model.ts';
export { REGION_MODELS } from './model/regions.ts';
export { DEFAULT_PARAMETERS, parametersOf } from './parameters.ts';
export { simulate, simulateOn } from './simulate.ts';
export { SimulationError } from './simulation-error.ts';
export { simulateSurvival } from './survival.ts';
export { bitsPerHop, expectedHops } from './theory.ts';
export type { KillResult } from './kills.ts';
export type { NetworkModel } from './model/network-model.ts';
export type { RegionName } from './model/regions.ts';
export type { Malice, Parameters } from './parameters.ts';
export type { SimulationResult } from './simulate.ts';
export type { SimulationErrorCode } from './simulation-error.ts';
export type { SurvivalMoment } from './survival.ts';
