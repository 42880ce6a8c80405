import { COMPARED_REPLICATIONS } from './kills.ts';
import { closestNodes, drawIdentifiers, drawPoint } from './model/identifiers.ts';
import type { Identifiers, Point } from './model/identifiers.ts';
import { chooseNodes, leavingShare } from './model/network-model.ts';
import { Random } from './model/random.ts';
import type { Parameters } from './parameters.ts';
import { SimulationError } from './simulation-error.ts';

const MINUTES_PER_HOUR = 60;
const MOST_COPIES = Math.max(...COMPARED_REPLICATIONS);

/** What is followed over time. */
export interface SurvivalOptions {
  readonly hours: number;
  readonly values: number;
}

/** The values at one moment: the end of an interval, after members have left and before anybody repairs. */
export interface SurvivalMoment {
  readonly hours: number;
  /** For each of {@link COMPARED_REPLICATIONS}: the share of the values that a member has kept from the beginning, were nothing published again. */
  readonly kept: readonly number[];
  /** For each of them: the share that is there when owners publish again what was lost. */
  readonly readable: readonly number[];
}

/**
 * Follows values through churn: members leave after exponentially distributed times, for good and with what they kept, and as many new ones
 * come with nothing; at each interval the members that are left hand values over to those that are the closest now, and owners publish again.
 * @throws SimulationError `PARAMETER_INVALID` without a session length
 */
export function simulateSurvival(parameters: Parameters, { hours, values }: SurvivalOptions, onProgress: (share: number) => void = () => undefined): SurvivalMoment[] {
  if (parameters.sessionHours === undefined) throw new SimulationError('PARAMETER_INVALID', 'sessionHours must be given: without it nobody leaves.');
  const members = new Turnover(parameters, hours);
  const places = new Random(parameters.seed, 'values');
  const followed = Array.from({ length: values }, () => new FollowedValue(drawPoint(places), members));
  const intervals = Math.floor((hours * MINUTES_PER_HOUR) / parameters.repairMinutes);
  const moments: SurvivalMoment[] = [];
  let republishedAt = 0;
  for (let interval = 1; interval <= intervals; interval += 1) {
    const now = (interval * parameters.repairMinutes) / MINUTES_PER_HOUR;
    const republishing = now - republishedAt >= parameters.republishHours;
    if (republishing) republishedAt = now;
    members.pass();
    for (const value of followed) value.loseCopies(members);
    moments.push({ hours: now, kept: shares(followed, ({ kept }) => kept), readable: shares(followed, ({ readable }) => readable) });
    members.admit();
    for (const value of followed) value.repair(members, republishing);
    onProgress(interval / intervals);
  }
  return moments;
}

function shares(values: readonly FollowedValue[], flags: (value: FollowedValue) => readonly boolean[]): number[] {
  return COMPARED_REPLICATIONS.map((_, which) => values.filter((value) => flags(value)[which]).length / values.length);
}

/** Who is there. */
class Turnover {
  readonly ids: Identifiers;
  readonly alive: Uint8Array;
  private readonly comers: Uint32Array;
  private readonly random: Random;
  private readonly leaving: number;
  private next: number;
  private gone = 0;

  constructor(parameters: Parameters, hours: number) {
    this.leaving = leavingShare(parameters);
    const intervals = Math.ceil((hours * MINUTES_PER_HOUR) / parameters.repairMinutes);
    // Leavers are drawn one by one: a tenth more than are expected, so that new members do not run out before the end.
    const count = parameters.nodes + Math.ceil(1.1 * parameters.nodes * this.leaving * intervals) + MOST_COPIES;
    this.ids = drawIdentifiers(count, new Random(parameters.seed, 'ids'));
    this.comers = chooseNodes(count, count, new Random(parameters.seed, 'comers'));
    this.random = new Random(parameters.seed, 'turnover');
    this.alive = new Uint8Array(count);
    this.next = parameters.nodes;
    for (const node of this.comers.subarray(0, parameters.nodes)) this.alive[node] = 1;
  }

  /** One interval: each member leaves with the same probability. */
  pass(): void {
    this.gone = 0;
    for (let node = 0; node < this.alive.length; node += 1) {
      if (this.alive[node] !== 1 || this.random.unit() >= this.leaving) continue;
      this.alive[node] = 0;
      this.gone += 1;
    }
  }

  /** As many come as have left. */
  admit(): void {
    for (; this.gone > 0 && this.next < this.comers.length; this.gone -= 1) this.alive[this.comers[this.next++] ?? 0] = 1;
  }
}

/** One value at each of the compared replications. */
class FollowedValue {
  readonly kept = COMPARED_REPLICATIONS.map(() => true);
  readonly readable = COMPARED_REPLICATIONS.map(() => true);
  private readonly place: Point;
  /** The closest members at the last repair, the closest first: those of each replication are its beginning. */
  private holders: number[];

  constructor(place: Point, { ids, alive }: Turnover) {
    this.place = place;
    this.holders = closestNodes(ids, place, MOST_COPIES, alive);
  }

  loseCopies({ alive }: Turnover): void {
    for (const [which, replication] of COMPARED_REPLICATIONS.entries()) {
      if (this.holders.slice(0, replication).some((holder) => alive[holder] === 1)) continue;
      this.kept[which] = false;
      this.readable[which] = false;
    }
  }

  repair({ ids, alive }: Turnover, republished: boolean): void {
    this.holders = closestNodes(ids, this.place, MOST_COPIES, alive);
    if (republished) this.readable.fill(true);
  }
}
