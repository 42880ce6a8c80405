import { bitsPerHop, buildNetwork, parametersOf, simulateOn } from '@carecord/simulation';
import type { Figure } from '../../support/figure.ts';

/** What the suite tells each of its parts. */
export interface SimulationBenchOptions {
  readonly suite: string;
  readonly print: (figure: Figure) => void;
}

const LOOKUPS = 10_000;
const LARGEST = 1_000_000;
const SIZES = [1_000, 10_000, 100_000, LARGEST];
const MOST_SECONDS = 60;
const MOST_TIMES_EXPECTED = 1.2;

/** The simulated DHT: how long a million nodes take, and hops against the calculation for buckets of 20 (`libs/simulation/src/theory.ts`). */
export function measureSimulation({ suite, print }: SimulationBenchOptions): void {
  for (const nodes of SIZES) {
    const name = `simulation of ${nodes.toLocaleString('en')} nodes`;
    const started = performance.now();
    const parameters = parametersOf({ nodes, lookups: LOOKUPS });
    const network = buildNetwork(parameters);
    const built = performance.now();
    const { hops, expectedHops, queries } = simulateOn(network);
    const seconds = (performance.now() - started) / 1_000;
    const ratio = hops.mean / expectedHops.greedy;
    print({ suite, metric: `${name}, log2 of the nodes`, value: Math.log2(nodes), unit: 'bits' });
    print({
      suite,
      metric: `${name}, mean hops`,
      value: hops.mean,
      unit: 'hops',
      reference: { name: `the calculation for k = ${parameters.bucketSize}`, value: expectedHops.greedy },
      ratio,
      target: `at most ${MOST_TIMES_EXPECTED} times the calculation`,
      meets: ratio <= MOST_TIMES_EXPECTED,
    });
    print({ suite, metric: `${name}, questions a lookup`, value: queries.mean, unit: 'messages' });
    if (nodes < LARGEST) continue;
    print({ suite, metric: `${name}, bits a hop by calculation`, value: bitsPerHop(parameters.bucketSize), unit: 'bits' });
    print({ suite, metric: `${name}, time to build`, value: (built - started) / 1_000, unit: 's' });
    print({ suite, metric: `${name}, time to build and make ${LOOKUPS.toLocaleString('en')} lookups`, value: seconds, unit: 's', target: `at most ${MOST_SECONDS} s`, meets: seconds <= MOST_SECONDS });
    print({ suite, metric: `${name}, memory of the process`, value: process.memoryUsage.rss() / 2 ** 20, unit: 'MiB' });
  }
}
