import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hopsChart, killsChart, parametersOf, simulate, spreadChart, survivalChart, timesChart } from '@carecord/simulation';
import type { KillResult, Parameters, SimulationResult, SurvivalMoment } from '@carecord/simulation';
import { CliError } from '../cli-error.ts';

/** What has been computed for the tables, to be drawn. */
export interface PlotData {
  readonly result: SimulationResult;
  readonly kills: readonly KillResult[];
  readonly survival: readonly SurvivalMoment[];
  /** What the survival was computed with. */
  readonly churn: Parameters;
}

/** Each node is to be asked often enough that chance does not hide how uneven the rest is: some hundred times. */
const SPREAD = { nodes: 1_000, lookups: 10_000 };
/** Sizes beside the one asked for. */
const SIZES = [1_000, 10_000, 100_000];
/** Enough for hops to two digits. */
const SIZE_LOOKUPS = 2_000;

/**
 * Computes what is missing and writes the charts.
 * @returns the files
 * @throws CliError `FILE_NOT_WRITTEN`
 */
export async function writePlots(folder: string, { result, kills, survival, churn }: PlotData, onProgress: (text: string) => void): Promise<string[]> {
  const { parameters } = result;
  const sizes = SIZES.filter((nodes) => nodes < parameters.nodes).map((nodes) => {
    onProgress(`${nodes} nodes`);
    return simulate(parametersOf({ ...parameters, nodes, lookups: SIZE_LOOKUPS }));
  });
  onProgress('spread');
  const spread = simulate(parametersOf({ ...parameters, ...SPREAD, nodes: Math.min(parameters.nodes, SPREAD.nodes) }));
  const charts = {
    'hops.svg': hopsChart([...sizes, result]),
    'kills.svg': killsChart(kills),
    'times.svg': timesChart(result),
    'spread.svg': spreadChart(spread),
    'survival.svg': survivalChart(survival, churn),
  };
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, svg] of Object.entries(charts)) await writeFile(join(folder, name), svg);
  } catch (cause) {
    throw new CliError('FILE_NOT_WRITTEN', `${folder} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}): choose another folder with --plots.`, { cause });
  }
  return Object.keys(charts).map((name) => join(folder, name));
}
