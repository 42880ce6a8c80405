/** One measured figure: a line of a benchmark's output. */
export interface Figure {
  readonly suite: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in the same run. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** `value / reference`: how many times the part that cannot be done without. */
  readonly ratio?: number;
  readonly target?: string;
  readonly meets?: boolean;
}

/** A printer of figures: JSON lines with `--json`, else a sentence a line. */
export function figurePrinter(json: boolean): (figure: Figure) => void {
  return (figure) => {
    const rounded = { ...figure, value: round(figure.value), ...(figure.ratio === undefined ? {} : { ratio: round(figure.ratio) }) };
    process.stdout.write(json ? `${JSON.stringify(rounded)}\n` : `${sentence(rounded)}\n`);
  };
}

/** The value below which the given share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('A percentile needs samples.');
  return value;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function sentence(figure: Figure): string {
  const compared = figure.reference === undefined ? '' : `, ${figure.ratio} times ${figure.reference.name} (${round(figure.reference.value)} ${figure.unit})`;
  const target = figure.target === undefined ? '' : `; target ${figure.target}: ${figure.meets === true ? 'met' : 'missed'}`;
  return `${figure.suite} ${figure.metric}: ${figure.value} ${figure.unit}${compared}${target}`;
}
