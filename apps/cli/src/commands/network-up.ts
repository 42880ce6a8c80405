import { CarecordError } from '@carecord/core';
import { Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.ts';
import { localNetworkDirectory } from '../network/directory.ts';
import { type LocalNetwork, startLocalNetwork } from '../network/local-network.ts';
import { FEWEST_HOSPITALS, MOST_HOSPITALS } from '../network/network-size.ts';
import { streamProgress } from '../progress.ts';
import { jsonReport, textReport } from '../report.ts';
import { generatedPlan, planFromDirectory } from '../scenario/patients.ts';
import { runScenario } from '../scenario/scenario.ts';
import { wholeNumber } from './option-values.ts';

/** Ctrl-C, a supervisor, a terminal that was closed: each stops the nodes and the database. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface NetworkUpOptions {
  readonly once?: true;
  readonly json?: true;
  readonly bundles?: string;
  readonly hospitals?: number;
  readonly directory: string;
}

/** `carecord network up`: hospitals and an authority on this machine, and the scenario between them. */
export function networkUpCommand(): Command {
  return new Command('up')
    .description('Start three or more hospitals and a demo authority, admit patients, show a record travelling, then stay up until Ctrl-C.')
    .option('--once', 'exit after the scenario: with 0, or with 1 and the reason')
    .option('--json', 'print machine-readable lines alone on stdout')
    .option('--bundles <folder>', 'admit the FHIR R4 transaction bundles of this folder instead of generated patients')
    .option('--hospitals <number>', `how many hospitals, ${FEWEST_HOSPITALS} to ${MOST_HOSPITALS}; more than before are added, fewer are refused (default: as many as before, at first ${FEWEST_HOSPITALS})`, hospitalCount)
    .option('--directory <path>', 'where the network keeps its data', localNetworkDirectory())
    .action(async (options: NetworkUpOptions) => {
      process.exitCode = await networkUp(options);
    });
}

async function networkUp(options: NetworkUpOptions): Promise<number> {
  const report = options.json === true ? jsonReport(process.stdout) : textReport(process.stdout);
  const progress = streamProgress(options.json === true ? process.stderr : process.stdout);
  const interrupted = untilInterrupted();
  let network: LocalNetwork | undefined;
  try {
    const plan = options.bundles === undefined ? generatedPlan() : await planFromDirectory(options.bundles);
    network = await startLocalNetwork({ directory: options.directory, databaseUrl: process.env['DATABASE_URL'], hospitals: options.hospitals, progress, onStart: (hospitals) => report.title(hospitals) });
    report.ready(network.hospitals);
    const failing = network.died.then((sentence) => Promise.reject(new CliError('NODE_FAILED', sentence)));
    await Promise.race([runScenario(network, plan, report, progress), failing, interrupted.then((signal) => Promise.reject(interruption(signal)))]);
    report.done(network.hospitals, options.once !== true, plan.invented ? plan.listed : undefined);
    if (options.once !== true) await Promise.race([interrupted, failing]);
    return 0;
  } catch (failure) {
    if (failure instanceof CliError && failure.code === 'INTERRUPTED') return 130;
    report.failed(failure instanceof CarecordError ? failure.message : 'Something unexpected went wrong; the stack below says where.');
    if (!(failure instanceof CarecordError)) process.stderr.write(`${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}\n`);
    return 1;
  } finally {
    if (network !== undefined) {
      await progress.during('Stopping the nodes and the database', () => network?.stop() ?? Promise.resolve());
    }
    for (const signal of STOP_SIGNALS) process.removeAllListeners(signal);
  }
}

/** @throws InvalidArgumentError */
function hospitalCount(text: string): number {
  const count = wholeNumber(text);
  if (count < FEWEST_HOSPITALS || count > MOST_HOSPITALS) throw new InvalidArgumentError(`It must be a number between ${FEWEST_HOSPITALS} and ${MOST_HOSPITALS}.`);
  return count;
}

function interruption(signal: string): CliError {
  return new CliError('INTERRUPTED', `Stopped by ${signal}.`);
}

/** Resolves at the first of the stop signals; further ones change nothing: stopping takes its few seconds. */
function untilInterrupted(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        process.stderr.write('\nStopping: what is just being started is waited for, then everything is stopped.\n');
        resolve(signal);
      });
    }
  });
}
