import { DEFAULT_PARAMETERS, parametersOf, REGION_MODELS, simulate, simulateKills, simulateSurvival } from '@carecord/simulation';
import type { Malice, Parameters, RegionName } from '@carecord/simulation';
import { Command, Option } from 'commander';
import { streamProgress } from '../progress.ts';
import type { Progress } from '../progress.ts';
import type { Comparison } from '../simulation/compare.ts';
import { writePlots } from '../simulation/plots.ts';
import type { PlotData } from '../simulation/plots.ts';
import { jsonSimulationReport, textSimulationReport } from '../simulation/simulation-report.ts';
import type { SimulationReport } from '../simulation/simulation-report.ts';
import { networkSizes, numberBetween, shareOfHundred, wholeNumberBetween } from './option-values.ts';

interface SimulateOptions {
  readonly nodes: number;
  readonly lookups: number;
  readonly replication: number;
  readonly session?: number;
  readonly repairInterval: number;
  readonly loss: number;
  readonly malicious: number;
  readonly malice: Malice;
  readonly blackHoled: number;
  readonly dead: number;
  readonly regions: RegionName;
  readonly bucketSize: number;
  readonly parallel: number;
  readonly paths: number;
  readonly patience: number;
  readonly seed: number;
  readonly json?: true;
  readonly plots?: string;
  readonly compare?: number[];
}

/** Kills and churn are followed in networks of this size at the most: what they show hardly depends on it. */
const FOLLOWED = { nodes: 10_000, lookups: 2_000, churnNodes: 2_000, values: 1_000, hours: 24 * 7 };
/** How long members stay in the chart of survival unless `--session` says it. */
const CHART_SESSION_HOURS = 24;
/** Lookups in each real network: a few seconds' work. */
const REAL_LOOKUPS = 200;

/** `carecord simulate`: the DHT on up to a million nodes, on this machine. */
export function simulateCommand(): Command {
  const standard = DEFAULT_PARAMETERS;
  return new Command('simulate')
    .description('Run the distributed hash table on simulated nodes, with the parameters of the real ones: hops, messages, success, times, load, storage. The same seed gives the same result.')
    .option('--nodes <number>', 'how many nodes, 2 to 1000000; a million take 1.6 GB of memory', wholeNumberBetween(2, 1_000_000), standard.nodes)
    .option('--lookups <number>', 'how many values are looked up', wholeNumberBetween(1, 1_000_000), standard.lookups)
    .option('--replication <number>', 'members that keep each value, 3 to 12', wholeNumberBetween(3, 12), standard.replication)
    .option('--session <hours>', 'how long a member stays on average before it leaves for good (default: for ever)', numberBetween(0.1, 8_760))
    .option('--repair-interval <minutes>', 'time between two refreshes of routing tables and repairs of values; lookups are made just before one', numberBetween(1, 525_600), standard.repairMinutes)
    .option('--loss <percent>', 'messages that get lost', shareOfHundred, standard.lossShare)
    .option('--malicious <percent>', 'members that do what --malice says', shareOfHundred, standard.maliciousShare)
    .addOption(new Option('--malice <kind>', 'liar: names accomplices alone; withholder: hides values; garbage: answers nonsense; mixed: a third each').choices(['liar', 'withholder', 'garbage', 'mixed']).default(standard.malice))
    .option('--black-holed <percent>', 'members that take questions and never answer', shareOfHundred, standard.blackHoledShare)
    .option('--dead <percent>', 'members that die at once just before the lookups', shareOfHundred, standard.deadShare)
    .addOption(new Option('--regions <model>', 'where members are, for the times').choices(Object.keys(REGION_MODELS)).default(standard.regions))
    .option('--bucket-size <number>', 'k, members in a bucket and an answer', wholeNumberBetween(1, 64), standard.bucketSize)
    .option('--parallel <number>', 'alpha, questions that a path has open at once', wholeNumberBetween(1, 16), standard.parallel)
    .option('--paths <number>', 'disjoint paths', wholeNumberBetween(1, 16), standard.paths)
    .option('--patience <milliseconds>', 'after how long somebody else is asked beside one that has not answered', numberBetween(1, 600_000), standard.patienceMilliseconds)
    .option('--seed <number>', 'another seed, another network', wholeNumberBetween(0, Number.MAX_SAFE_INTEGER), standard.seed)
    .option('--plots <folder>', 'write charts there, as SVG')
    .option('--compare <sizes>', 'also run so many real nodes in this process and print both, e.g. 16,64,128: 13 MB and a second of CPU each', networkSizes)
    .option('--json', 'print one JSON object a line; progress goes to stderr')
    .action(run);
}

/** @throws SimulationError `PARAMETER_INVALID`, CliError `FILE_NOT_WRITTEN` */
async function run(options: SimulateOptions): Promise<void> {
  const parameters = parametersFrom(options);
  const progress = streamProgress(options.json === true ? process.stderr : process.stdout);
  const report = options.json === true ? jsonSimulationReport(process.stdout) : textSimulationReport(process.stdout);
  const data = await simulateAll(parameters, progress, report);
  const folder = options.plots;
  if (folder !== undefined) report.plots(await progress.during('Drawing', (update) => writePlots(folder, data, update)));
  if (options.compare !== undefined) report.comparison(await compareAll(parameters, options.compare, progress));
}

async function simulateAll(parameters: Parameters, progress: Progress, report: SimulationReport): Promise<PlotData> {
  const started = Date.now();
  const result = await inSteps(progress, `Simulating ${parameters.nodes} nodes`, (update) => simulate(parameters, update));
  report.result(result, (Date.now() - started) / 1_000);
  const killed = parametersOf({ ...parameters, nodes: Math.min(parameters.nodes, FOLLOWED.nodes), lookups: Math.min(parameters.lookups, FOLLOWED.lookups) });
  const kills = await inSteps(progress, 'Killing members', (update) => simulateKills(killed, update));
  report.kills(kills, killed.nodes);
  const churn = parametersOf({ ...parameters, nodes: Math.min(parameters.nodes, FOLLOWED.churnNodes), sessionHours: parameters.sessionHours ?? CHART_SESSION_HOURS });
  const survival = await inSteps(progress, 'Following values through churn', (update) => simulateSurvival(churn, { hours: FOLLOWED.hours, values: FOLLOWED.values }, update));
  report.survival(survival, churn);
  return { result, kills, survival, churn };
}

/** Work that does not pause: each report of progress draws. */
async function inSteps<Result>(progress: Progress, title: string, work: (update: (share: number) => void) => Result): Promise<Result> {
  return progress.during(title, (update) => Promise.resolve(work((share) => update(`${Math.floor(share * 100)}%`))));
}

async function compareAll(parameters: Parameters, sizes: readonly number[], progress: Progress): Promise<Comparison[]> {
  // Real nodes bring libp2p and the test kit along: loaded for this alone.
  const { compareWithReal } = await import('../simulation/compare.ts');
  const comparisons: Comparison[] = [];
  for (const nodes of sizes) comparisons.push(await progress.during(`Running ${nodes} real nodes`, () => compareWithReal(parameters, nodes, Math.min(parameters.lookups, REAL_LOOKUPS))));
  return comparisons;
}

function parametersFrom(options: SimulateOptions): Parameters {
  return parametersOf({
    nodes: options.nodes,
    lookups: options.lookups,
    replication: options.replication,
    sessionHours: options.session,
    repairMinutes: options.repairInterval,
    lossShare: options.loss,
    maliciousShare: options.malicious,
    malice: options.malice,
    blackHoledShare: options.blackHoled,
    deadShare: options.dead,
    regions: options.regions,
    bucketSize: options.bucketSize,
    parallel: options.parallel,
    paths: options.paths,
    patienceMilliseconds: options.patience,
    seed: options.seed,
  });
}
