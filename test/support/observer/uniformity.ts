const BYTE_VALUES = 256;
/**
 * The 255 degrees of freedom of a byte: a uniform source is above this once in 10^9 tests (Wilson and Hilferty: 255 * (1 - 2/2295 + 6 * sqrt(2/2295))^3,
 * six standard deviations).
 */
export const CHI_SQUARE_LIMIT = 415;

/** Pearson's chi-square of the byte values against the uniform distribution: 255 on average for a uniform source. */
export function chiSquare(samples: readonly Uint8Array[]): number {
  const counts = histogram(samples);
  const expected = counts.reduce((sum, count) => sum + count, 0) / BYTE_VALUES;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Chi-square of two sets of samples against being drawn from one distribution, whichever it is: 255 on average when they are. */
export function chiSquareOfTwo(ones: readonly Uint8Array[], others: readonly Uint8Array[]): number {
  const [first, second] = [histogram(ones), histogram(others)];
  const [total, otherTotal] = [first, second].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [number, number];
  const [scale, otherScale] = [Math.sqrt(otherTotal / total), Math.sqrt(total / otherTotal)];
  return first.reduce((sum, count, value) => {
    const other = second[value] ?? 0;
    return count + other === 0 ? sum : sum + (scale * count - otherScale * other) ** 2 / (count + other);
  }, 0);
}

function histogram(samples: readonly Uint8Array[]): number[] {
  const counts = new Array<number>(BYTE_VALUES).fill(0);
  for (const sample of samples) for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1;
  return counts;
}
