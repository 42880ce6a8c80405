import type { Clock } from '@carecord/core';
import type { Observation, Observer } from './ports.ts';

/** What was seen counts half after so long: who was down in the morning is as good as any in the evening. */
const HALF_LIFE_MILLISECONDS = 10 * 60 * 1000;
/** Members that are remembered; above it those seen longest ago are forgotten. Nobody makes up DIDs: authorities give them. */
const MAX_MEMBERS = 10_000;
/** What an observation weighs. A timeout may be the network's fault, nonsense is the member's own. */
const BAD = { timeout: 1, unreachable: 1, malformed: 4, 'invalid-value': 4, 'broken-promise': 2, flood: 2 } as const;
/** Good answers count up to here: nobody saves up for misbehaviour. */
const MOST_GOOD = 10;
/** What is held in favour of a member of whom nothing is known: one timeout leaves it two thirds. */
const BENEFIT_OF_THE_DOUBT = 2;
/** Below this a member is asked only when there is nobody else: two pieces of nonsense, or five timeouts and not one answer. */
const SHUNNED_BELOW = 0.3;
/** Weight of a new round trip in the smoothed one, that of TCP (RFC 6298). */
const LATENCY_WEIGHT = 1 / 8;

interface Conduct {
  good: number;
  bad: number;
  at: number;
  latency: number | undefined;
}

/** Keeps what was observed of members, fading with time. */
export class Reputations implements Observer {
  private readonly conducts = new Map<string, Conduct>();

  constructor(private readonly clock: Clock) {}

  observe(did: string, observation: Observation): void {
    const conduct = this.faded(did);
    if (observation.kind === 'answered') {
      conduct.good = Math.min(MOST_GOOD, conduct.good + 1);
      conduct.latency = conduct.latency === undefined ? observation.milliseconds : conduct.latency + LATENCY_WEIGHT * (observation.milliseconds - conduct.latency);
    } else {
      conduct.bad += BAD[observation.kind];
    }
    this.conducts.delete(did);
    this.conducts.set(did, conduct);
    const oldest = this.conducts.keys().next();
    if (this.conducts.size > MAX_MEMBERS && !oldest.done) this.conducts.delete(oldest.value);
  }

  reputation(did: string): number {
    const { good, bad } = this.faded(did);
    return (good + BENEFIT_OF_THE_DOUBT) / (good + bad + BENEFIT_OF_THE_DOUBT);
  }

  isShunned(did: string): boolean {
    return this.conducts.has(did) && this.reputation(did) < SHUNNED_BELOW;
  }

  /** The smoothed round trip in milliseconds; `undefined` before the first answer. */
  latency(did: string): number | undefined {
    return this.conducts.get(did)?.latency;
  }

  private faded(did: string): Conduct {
    const at = this.clock.now().getTime();
    const known = this.conducts.get(did);
    if (known === undefined) return { good: 0, bad: 0, at, latency: undefined };
    const rest = 0.5 ** (Math.max(0, at - known.at) / HALF_LIFE_MILLISECONDS);
    return { good: known.good * rest, bad: known.bad * rest, at, latency: known.latency };
  }
}
