import { COMPARED_REPLICATIONS } from '@carecord/simulation';
import type { KillResult, Parameters, SimulationResult, SurvivalMoment } from '@carecord/simulation';
import type { Comparison } from './compare.ts';

/** How `carecord simulate` tells what it found. */
export interface SimulationReport {
  result(result: SimulationResult, hostSeconds: number): void;
  kills(results: readonly KillResult[], nodes: number): void;
  survival(moments: readonly SurvivalMoment[], churn: Parameters): void;
  comparison(comparisons: readonly Comparison[]): void;
  plots(files: readonly string[]): void;
}

const HOURS_PER_DAY = 24;

/** One JSON object a line, each with an `event`. */
export function jsonSimulationReport(stream: NodeJS.WritableStream): SimulationReport {
  const line = (value: object): void => {
    stream.write(`${JSON.stringify(value)}\n`);
  };
  return {
    result: (result, hostSeconds) => line({ event: 'result', hostSeconds, ...result }),
    kills: (results, nodes) => line({ event: 'kills', nodes, replications: COMPARED_REPLICATIONS, results }),
    survival: (moments, { nodes, sessionHours, repairMinutes, republishHours }) => line({ event: 'survival', nodes, sessionHours, repairMinutes, republishHours, replications: COMPARED_REPLICATIONS, moments }),
    comparison: (comparisons) => {
      for (const comparison of comparisons) line({ event: 'comparison', ...comparison });
    },
    plots: (files) => line({ event: 'plots', files }),
  };
}

/** Tables for a person at a terminal. */
export function textSimulationReport(stream: NodeJS.WritableStream): SimulationReport {
  const table = (title: string, rows: readonly (readonly string[])[]): void => {
    stream.write(`\n${title}\n${aligned(rows)}`);
  };
  return {
    result: (result, hostSeconds) => {
      writeResult(result, hostSeconds, table);
    },
    kills: (results, nodes) =>
      table(`Values read after members died at once, before any repair (${count(nodes)} nodes; in brackets: calculated, 1 - lost^r)`, [
        ['dead', ...COMPARED_REPLICATIONS.map((replication) => `r = ${replication}`)],
        ...results.map(({ deadShare, found, expected }) => [percent(deadShare), ...found.map((share, which) => `${percent(share)} (${percent(expected[which] ?? 0)})`)]),
      ]),
    survival: (moments, { nodes, sessionHours = 0, repairMinutes, republishHours }) =>
      table(`Values kept while members come and go, never published again (${count(nodes)} nodes that stay ${number(sessionHours)} hours, a repair each ${number(repairMinutes)} minutes; in brackets: owners publish again each ${number(republishHours)} hours)`, [
        ['day', ...COMPARED_REPLICATIONS.map((replication) => `r = ${replication}`)],
        ...daily(moments).map(({ hours, kept, readable }) => [number(hours / HOURS_PER_DAY), ...kept.map((share, which) => `${percent(share)} (${percent(readable[which] ?? 0)})`)]),
      ]),
    comparison: (comparisons) =>
      table('Simulated beside real nodes in this process (hops: the longest chain of a lookup)', [
        ['nodes', '', 'values read', 'hops', 'questions a lookup', 'messages to read a value'],
        ...comparisons.flatMap(({ nodes, simulated, real }) =>
          [{ name: 'simulated', ...simulated }, { name: 'real', ...real }].map(({ name, found, hops, queries, messages }) => [count(nodes), name, percent(found), orNone(hops), orNone(queries), number(messages)]),
        ),
      ]),
    plots: (files) => {
      stream.write(`\nPlots:\n${files.map((file) => `  ${file}\n`).join('')}`);
    },
  };
}

function writeResult(result: SimulationResult, hostSeconds: number, table: (title: string, rows: readonly (readonly string[])[]) => void): void {
  const { parameters } = result;
  table(`${count(parameters.nodes)} nodes (${count(result.nodesAlive)} running), ${count(result.lookups)} lookups, seed ${parameters.seed}, ${number(hostSeconds)} s`, [
    ['values read', percent(result.found)],
    ['the closest member found', percent(result.closestFound)],
    [`the ${parameters.replication} closest found`, percent(result.allFound)],
    ['lookups out of time, or unanswered', percent(result.incomplete)],
    ['hops calculated', `${number(result.expectedHops.greedy)} for one greedy chain, ${number(result.expectedHops.leastInParallel)} at the least in parallel; log2 N = ${number(Math.log2(parameters.nodes))}`],
    ['routing table', `${number(result.tableContacts)} members a node, ${number(result.tableBytes / 2 ** 20)} MiB for all`],
  ]);
  table('Of a lookup (times are simulated)', [
    ['', 'mean', 'median', 'p95', 'most'],
    ...(
      [
        ['hops to the closest', result.hops],
        ['longest chain', result.longestChain],
        ['questions', result.queries],
        ['messages, reading included', result.messages],
        ['lookup, ms', result.lookupMilliseconds],
        ['lookup and reading, ms', result.retrievalMilliseconds],
      ] as const
    ).map(([name, { mean, median, p95, most }]) => [name, number(mean), number(median), number(p95), number(most)]),
  ]);
  table('Of a node', [
    ['', 'mean', 'p95', 'most', 'Gini', 'Gini by chance'],
    ...(
      [
        ['questions answered', result.load],
        ['values kept', result.storage],
      ] as const
    ).map(([name, { mean, p95, most, gini, giniByChance }]) => [name, number(mean), number(p95), number(most), number(gini), number(giniByChance)]),
  ]);
}

/** The last moment of each day, and the last one. */
function daily(moments: readonly SurvivalMoment[]): SurvivalMoment[] {
  return moments.filter(({ hours }, at) => Math.floor(hours / HOURS_PER_DAY) !== Math.floor((moments[at - 1]?.hours ?? 0) / HOURS_PER_DAY) || at === moments.length - 1);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(column === row.length - 1 && row.length === 2 ? 0 : (widths[column] ?? 0)))).join('  ')}`.trimEnd().concat('\n')).join('');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

function number(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function orNone(value: number | undefined): string {
  return value === undefined ? 'no lookup' : number(value);
}

function count(value: number): string {
  return value.toLocaleString('en');
}
