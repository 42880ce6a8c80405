/** Something to be measured. */
export interface Measured {
  /** Done once a round; what it prepares is not measured. */
  readonly prepare?: () => Promise<void>;
  readonly run: () => unknown;
  /** Done after each round; not measured either. */
  readonly tidy?: () => Promise<void>;
  /** How many operations one run is. @default 1 */
  readonly operations?: number;
  /** Runs a round. */
  readonly runs: number;
}

/** What one operation took, in milliseconds. */
export interface Cost {
  /** Of all threads of this process, the garbage collector's and the thread pool's too. */
  readonly cpu: number;
  /** By the clock on the wall. */
  readonly wall: number;
}

const MICROSECONDS_A_MILLISECOND = 1_000;

/**
 * Measures several things in turn, a round of each after the other, so that what else the machine does hits all of them alike.
 * @param rounds beside a first one of each that is not counted: what a node does all day has warm code
 * @returns the median of the rounds
 */
export async function measureInTurn<Name extends string>(works: Readonly<Record<Name, Measured>>, rounds: number): Promise<Record<Name, Cost>> {
  const names = Object.keys(works) as Name[];
  const samples = new Map<Name, Cost[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const name of names) {
      const cost = await measureRound(works[name]);
      if (round >= 0) samples.get(name)?.push(cost);
    }
  }
  return Object.fromEntries(names.map((name) => [name, medianOf(samples.get(name) ?? [])])) as Record<Name, Cost>;
}

async function measureRound({ prepare, run, tidy, operations = 1, runs }: Measured): Promise<Cost> {
  await prepare?.();
  const started = performance.now();
  const before = process.cpuUsage();
  for (let at = 0; at < runs; at += 1) await run();
  const { user, system } = process.cpuUsage(before);
  const wall = performance.now() - started;
  await tidy?.();
  return { cpu: (user + system) / MICROSECONDS_A_MILLISECOND / (runs * operations), wall: wall / (runs * operations) };
}

function medianOf(costs: readonly Cost[]): Cost {
  return { cpu: median(costs.map(({ cpu }) => cpu)), wall: median(costs.map(({ wall }) => wall)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
