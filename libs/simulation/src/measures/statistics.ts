/** What many samples of one quantity look like. */
export interface Distribution {
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

/** How unevenly something is spread over nodes. */
export interface Spread {
  readonly mean: number;
  readonly p95: number;
  readonly most: number;
  /** 0: all have the same; 1: one has everything. */
  readonly gini: number;
  /** The Gini coefficient that chance alone gives, were each unit to fall on any node alike (Poisson with this mean). */
  readonly giniByChance: number;
  /** The share of everything that the nodes with the least have together: 0%, 5%, …, 100% of the nodes. */
  readonly lorenz: readonly number[];
}

const LORENZ_STEPS = 20;

/** @param samples are sorted in place */
export function distributionOf(samples: Float64Array): Distribution {
  samples.sort();
  let sum = 0;
  for (const sample of samples) sum += sample;
  return { mean: samples.length === 0 ? 0 : sum / samples.length, median: quantile(samples, 0.5), p95: quantile(samples, 0.95), p99: quantile(samples, 0.99), most: samples.at(-1) ?? 0 };
}

/** The smallest sample that so large a share of the sorted samples does not exceed. */
export function quantile(sorted: Float64Array | Uint32Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** @param loads are sorted in place */
export function spreadOf(loads: Uint32Array): Spread {
  loads.sort();
  const mean = meanOf(loads);
  return { mean, p95: quantile(loads, 0.95), most: loads.at(-1) ?? 0, gini: giniOf(loads, mean), giniByChance: poissonGini(mean), lorenz: lorenzOf(loads, mean) };
}

function meanOf(loads: Uint32Array): number {
  let sum = 0;
  for (const load of loads) sum += load;
  return loads.length === 0 ? 0 : sum / loads.length;
}

function giniOf(sorted: Uint32Array, mean: number): number {
  if (mean === 0) return 0;
  let weighted = 0;
  for (let at = 0; at < sorted.length; at += 1) weighted += (2 * (at + 1) - sorted.length - 1) * (sorted[at] ?? 0);
  return weighted / (sorted.length * sorted.length * mean);
}

function lorenzOf(sorted: Uint32Array, mean: number): number[] {
  const total = mean * sorted.length;
  let sum = 0;
  let at = 0;
  return Array.from({ length: LORENZ_STEPS + 1 }, (_, step) => {
    for (; at < (sorted.length * step) / LORENZ_STEPS; at += 1) sum += sorted[at] ?? 0;
    return total === 0 ? step / LORENZ_STEPS : sum / total;
  });
}

/** Above this mean the normal distribution stands for Poisson's: its Gini is the inverse of `sqrt(pi * mean)`. */
const LARGE_MEAN = 500;

/** Gini of a Poisson distribution: the sum of F(x)(1 - F(x)) over all x, divided by the mean. */
function poissonGini(mean: number): number {
  if (mean === 0) return 0;
  if (mean > LARGE_MEAN) return 1 / Math.sqrt(Math.PI * mean);
  let probability = Math.exp(-mean);
  let below = probability;
  let sum = below * (1 - below);
  for (let value = 1; value < mean + 10 * Math.sqrt(mean) + 20; value += 1) {
    probability *= mean / value;
    below = Math.min(1, below + probability);
    sum += below * (1 - below);
  }
  return sum / mean;
}
