import { COMPARED_REPLICATIONS } from '../kills.ts';
import type { KillResult } from '../kills.ts';
import type { Parameters } from '../parameters.ts';
import type { SimulationResult } from '../simulate.ts';
import type { SurvivalMoment } from '../survival.ts';
import { drawLineChart } from './line-chart.ts';

const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`;
const number = (value: number): string => Number(value.toPrecision(3)).toString();

/** Hops against the number of nodes. @param results of networks of different sizes, in ascending order */
export function hopsChart(results: readonly SimulationResult[]): string {
  const at = (value: (result: SimulationResult) => number): (readonly [number, number])[] => results.map((result) => [Math.log2(result.parameters.nodes), value(result)]);
  return drawLineChart({
    title: 'Hops to the closest member',
    description: `Mean number of members in the chain that leads to the closest. ${results.map(({ parameters, hops, expectedHops }) => `${parameters.nodes} nodes: ${number(hops.mean)} simulated, ${number(expectedHops.greedy)} calculated.`).join(' ')}`,
    x: { label: 'log2 of the number of nodes', from: Math.floor(Math.log2(results[0]?.parameters.nodes ?? 2)) },
    y: { label: 'hops' },
    series: [
      { name: 'simulated, mean', points: at(({ hops }) => hops.mean) },
      { name: 'simulated, p95', points: at(({ hops }) => hops.p95) },
      { name: 'one greedy chain', calculated: true, points: at(({ expectedHops }) => expectedHops.greedy) },
      { name: 'least in parallel', calculated: true, points: at(({ expectedHops }) => expectedHops.leastInParallel) },
    ],
  });
}

/** How many values can be read after nodes have died at once. */
export function killsChart(results: readonly KillResult[]): string {
  return drawLineChart({
    title: 'Values read after members died at once, before any repair',
    description: `Share of the values that could still be read. ${COMPARED_REPLICATIONS.map((replication, which) => `Replication ${replication}: ${results.map(({ deadShare, found }) => `${percent(found[which] ?? 0)} at ${percent(deadShare)} dead`).join(', ')}.`).join(' ')}`,
    x: { label: 'members that died', format: percent },
    y: { label: 'values read', format: percent, to: 1 },
    series: COMPARED_REPLICATIONS.map((replication, which) => ({ name: `replication ${replication}`, points: results.map(({ deadShare, found }) => [deadShare, found[which] ?? 0] as const) })),
  });
}

/** How long lookup and reading take. */
export function timesChart({ parameters, retrievalMilliseconds, retrievalTimes, found }: SimulationResult): string {
  let sum = 0;
  const steps = [...retrievalTimes].map((share) => (sum += share));
  const width = retrievalMilliseconds.p99 / retrievalTimes.length;
  return drawLineChart({
    title: 'Time to find and read a value',
    description: `Of ${parameters.lookups} values ${percent(found)} were read. Simulated time: half of these within ${number(retrievalMilliseconds.median)} ms, 95% within ${number(retrievalMilliseconds.p95)} ms.`,
    x: { label: 'simulated milliseconds' },
    y: { label: 'values read by then', format: percent, to: 1 },
    series: [{ name: `${parameters.nodes} nodes`, points: [[0, 0], ...steps.map((share, at) => [(at + 1) * width, share] as const)] }],
  });
}

/** How evenly questions and values are spread: Lorenz curves. */
export function spreadChart({ parameters, load, storage }: SimulationResult): string {
  const curve = (shares: readonly number[]): (readonly [number, number])[] => shares.map((share, at) => [at / (shares.length - 1), share]);
  return drawLineChart({
    title: 'Spread of questions and values over members',
    description: `Share of all questions and values that fall on the members with the least. ${parameters.nodes} nodes, ${parameters.lookups} lookups. Questions: ${number(load.mean)} a member, at most ${load.most}, Gini ${number(load.gini)}, by chance alone ${number(load.giniByChance)}. Values: ${number(storage.mean)} a member, at most ${storage.most}, Gini ${number(storage.gini)}.`,
    x: { label: 'members, those with the least first', format: percent, to: 1 },
    y: { label: 'share of all', format: percent, to: 1 },
    series: [
      { name: 'questions', points: curve(load.lorenz) },
      { name: 'values kept', points: curve(storage.lorenz) },
      { name: 'the same for all', calculated: true, points: [[0, 0], [1, 1]] },
    ],
  });
}

/** How many values survive churn when nobody publishes them again. */
export function survivalChart(moments: readonly SurvivalMoment[], { sessionHours, repairMinutes }: Pick<Parameters, 'sessionHours' | 'repairMinutes'>): string {
  const last = moments.at(-1);
  return drawLineChart({
    title: `Values kept while members come and go`,
    description: `Members stay ${number(sessionHours ?? 0)} hours on average and never return; values are handed over every ${number(repairMinutes)} minutes, and not published again. After ${number(last?.hours ?? 0)} hours ${COMPARED_REPLICATIONS.map((replication, which) => `${percent(last?.kept[which] ?? 0)} are kept with replication ${replication}`).join(', ')}.`,
    x: { label: 'hours' },
    y: { label: 'values kept', format: percent, to: 1 },
    series: COMPARED_REPLICATIONS.map((replication, which) => ({ name: `replication ${replication}`, points: [[0, 1] as const, ...moments.map(({ hours, kept }) => [hours, kept[which] ?? 0] as const)] })),
  });
}
