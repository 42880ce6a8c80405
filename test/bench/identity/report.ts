import type { Cost } from '../../support/cpu.ts';
import type { Figure } from '../../support/figure.ts';

/** What each part of the suite is told. */
export interface BenchOptions {
  readonly suite: string;
  readonly print: (figure: Figure) => void;
  readonly rounds: number;
}

/** Operations in a second of CPU time, all threads of this process together: what the other programs of a machine do changes it least. */
const UNIT = '1/s of CPU';

/**
 * Prints how many operations fit in a second of CPU time.
 * @param reference what the operation cannot do without, and the milliseconds of CPU time that this takes
 */
export function printRate({ suite, print }: BenchOptions, metric: string, { cpu }: Cost, reference?: { readonly name: string; readonly cpu: number }): void {
  const value = 1_000 / cpu;
  if (reference === undefined) print({ suite, metric, value, unit: UNIT });
  else print({ suite, metric, value, unit: UNIT, reference: { name: reference.name, value: 1_000 / reference.cpu }, ratio: reference.cpu / cpu });
}
