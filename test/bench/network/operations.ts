import { percentile } from '../../support/figure.ts';
import { cpuSince } from './hosts.ts';
import type { NetworkBenchOptions } from './options.ts';

/** What operations of one kind took, one after the other. */
export interface Operations {
  readonly milliseconds: readonly number[];
  /** Of all hosts together, for each. */
  readonly cpuMilliseconds: number;
  /** Questions, for each. */
  readonly messages: number;
}

/**
 * Does something a number of times, one after the other.
 * @param sent how many questions all hosts have sent until then
 */
export async function measureOperations(times: number, operation: (at: number) => Promise<unknown>, sent: () => Promise<number>): Promise<Operations> {
  const milliseconds: number[] = [];
  const sentBefore = await sent();
  const before = process.cpuUsage();
  for (let at = 0; at < times; at += 1) {
    const started = performance.now();
    await operation(at);
    milliseconds.push(performance.now() - started);
  }
  const cpuMilliseconds = cpuSince(before) / times;
  return { milliseconds, cpuMilliseconds, messages: ((await sent()) - sentBefore) / times };
}

/** Prints the middle, the slow ones, the CPU time and the messages of operations, beside those of another network. */
export function printOperations({ suite, print }: NetworkBenchOptions, metric: string, ours: Operations, reference?: { readonly name: string; readonly operations: Operations }): void {
  const line = (what: string, unit: string, of: (operations: Operations) => number): void => {
    const value = of(ours);
    const other = reference && { name: reference.name, value: of(reference.operations) };
    print({ suite, metric: `${metric}, ${what}`, value, unit, ...(other && { reference: other, ratio: value / other.value }) });
  };
  line('p50', 'ms', ({ milliseconds }) => percentile(milliseconds, 0.5));
  line('p95', 'ms', ({ milliseconds }) => percentile(milliseconds, 0.95));
  line('CPU of all hosts', 'ms', ({ cpuMilliseconds }) => cpuMilliseconds);
  line('questions', 'messages', ({ messages }) => messages);
}
