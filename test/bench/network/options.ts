import type { Figure } from '../../support/figure.ts';

/** What the suite tells each of its parts. */
export interface NetworkBenchOptions {
  readonly suite: string;
  readonly print: (figure: Figure) => void;
  /** The large sizes too. */
  readonly full: boolean;
}
