import { BEHAVIOUR } from './network-model.ts';
import type { NetworkModel } from './network-model.ts';
import type { Random } from './random.ts';

/** Mean time that the answerer needs, ms: an assumption: a few messages and a handful of hashes on both sides. */
const WORK_MILLISECONDS = 3;
/** Mean of the exponential delay on top of the round trip, as a share of it: queues on the way. */
const JITTER_SHARE = 0.1;

/** One question and its answer. */
export interface Exchange {
  /** Until the answer is there, or is known not to come. */
  readonly milliseconds: number;
  readonly answered: boolean;
}

/** How long messages take, and which are lost. */
export class MessageModel {
  private readonly network: NetworkModel;
  private readonly random: Random;
  /** The probability that neither question nor answer is lost. */
  private readonly arrives: number;

  constructor(network: NetworkModel, random: Random) {
    this.network = network;
    this.random = random;
    this.arrives = (1 - network.parameters.lossShare) ** 2;
  }

  /** A question that nobody answers is open until its time limit: whoever asks cannot tell a dead member from a slow one. */
  exchange(from: number, to: number): Exchange {
    const { alive, behaviour, parameters } = this.network;
    const milliseconds = this.roundTrip(from, to);
    const lost = this.random.unit() >= this.arrives;
    if (alive[to] !== 1 || behaviour[to] === BEHAVIOUR.blackHole || lost || milliseconds > parameters.queryMilliseconds) {
      return { milliseconds: parameters.queryMilliseconds, answered: false };
    }
    return { milliseconds, answered: behaviour[to] !== BEHAVIOUR.garbage };
  }

  private roundTrip(from: number, to: number): number {
    const { region, regions } = this.network;
    const base = regions.roundTrips[region[from] ?? 0]?.[region[to] ?? 0] ?? 0;
    return base + this.random.exponential(base * JITTER_SHARE) + this.random.exponential(WORK_MILLISECONDS);
  }
}
