/**
 * `npm run bench -- network [--json] [--full] [--part NAME]`: what the network costs, beside plain `@libp2p/kad-dht`, bare primitives and
 * calculations of the same run. Each part runs in a process of its own: none pays for the memory of another. CPU time is that of all
 * threads of the processes with the hosts.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figurePrinter } from '../support/figure.ts';
import { measureBlackHoles } from './network/black-holes.ts';
import { measureHandshakes } from './network/handshakes.ts';
import { measureLocating } from './network/locating.ts';
import { measureLookups } from './network/lookups.ts';
import { measureMemory } from './network/memory.ts';
import type { NetworkBenchOptions } from './network/options.ts';
import { measurePublishing } from './network/publishing.ts';
import { measureRefusals } from './network/refusals.ts';
import { measureSimulation } from './network/simulation.ts';

const parts: Readonly<Record<string, (options: NetworkBenchOptions) => Promise<void> | void>> = {
  handshakes: measureHandshakes,
  lookups: measureLookups,
  'black-holes': measureBlackHoles,
  publishing: measurePublishing,
  locating: measureLocating,
  refusals: measureRefusals,
  memory: measureMemory,
  simulation: measureSimulation,
};

const [, , ...given] = process.argv;
const chosen = given.includes('--part') ? (given[given.indexOf('--part') + 1] ?? '') : undefined;
if (chosen === undefined) runAll();
else await runOne(chosen);

async function runOne(name: string): Promise<void> {
  const measure = parts[name];
  if (measure === undefined) throw new Error(`Name a part: ${Object.keys(parts).join(', ')}.`);
  await measure({ suite: 'network', print: figurePrinter(given.includes('--json')), full: given.includes('--full') });
  // The hosts are stopped; what libp2p still waits for is nobody's.
  process.exit(0);
}

/** A part that fails does not keep the others from being measured. */
function runAll(): void {
  for (const name of Object.keys(parts)) {
    const started = performance.now();
    const { status } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...given, '--part', name], { stdio: 'inherit' });
    process.stderr.write(`  ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
    if (status !== 0) {
      process.stderr.write(`The part ${name} failed.\n`);
      process.exitCode = 1;
    }
  }
}
