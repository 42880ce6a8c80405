/** Nobody is waited for less: a dial with its handshake over a slow line takes that long. */
const SHORTEST_MILLISECONDS = 1_000;
/** As long as nobody has answered: handshakes with a dozen members at once keep a small machine busy. */
const FIRST_MILLISECONDS = 3_000;
/** Nor longer: the query limit. */
const LONGEST_MILLISECONDS = 10_000;
/** Weights of a new round trip in the smoothed one and in its deviation, and the deviations added: those of TCP (RFC 6298). */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
const DEVIATIONS = 4;

/** How long to wait for an answer before somebody else is asked beside: what answers have taken of late, and some more. */
export class Patience {
  private mean: number | undefined;
  private deviation = 0;

  /** Somebody has answered after so many milliseconds, the time to connect included. */
  answered(milliseconds: number): void {
    if (this.mean === undefined) {
      this.mean = milliseconds;
      this.deviation = milliseconds / 2;
      return;
    }
    this.deviation += DEVIATION_WEIGHT * (Math.abs(milliseconds - this.mean) - this.deviation);
    this.mean += MEAN_WEIGHT * (milliseconds - this.mean);
  }

  /** In milliseconds, between one and ten seconds. */
  get milliseconds(): number {
    if (this.mean === undefined) return FIRST_MILLISECONDS;
    return Math.min(LONGEST_MILLISECONDS, Math.max(SHORTEST_MILLISECONDS, this.mean + DEVIATIONS * this.deviation));
  }
}
