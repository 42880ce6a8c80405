import { RateLimiter } from '@carecord/core';
import type { Clock, Rate, Transaction } from '@carecord/core';
import { LocatorError } from '../locator-error.ts';
import { PUBLISH_PURPOSE } from '../purpose.ts';
import type { EvaluationPurpose } from '../purpose.ts';
import { MAX_INPUTS } from './limits.ts';
import type { CountedUse, GuardianStore } from './ports.ts';

/** How much a guardian evaluates; everything is counted in inputs, of which one look-up of a patient has up to twelve. */
export interface GuardianLimits {
  /** A large hospital registers two patients a second at its busiest. */
  readonly hospitalRate: Rate;
  /** Nobody looks up a patient every six seconds for long. */
  readonly clinicianRate: Rate;
  /** A first load runs for days: at this rate 400,000 patients a day, if their admissions are credited. */
  readonly publishingRate: Rate;
  /** Twenty thousand look-ups. */
  readonly hospitalPerDay: number;
  /** Five hundred look-ups: a registration desk in one shift. */
  readonly clinicianPerDay: number;
  /** What each credited patient may cost in one epoch. */
  readonly publishingPerPatient: number;
  /** Beside: for a hospital's first patients, and identifiers that change. */
  readonly publishingAllowance: number;
}

/** The limits of every guardian. */
export const GUARDIAN_LIMITS: GuardianLimits = {
  hospitalRate: { burst: 100 * MAX_INPUTS, perSecond: 2 * MAX_INPUTS },
  clinicianRate: { burst: 20 * MAX_INPUTS, perSecond: 2 },
  publishingRate: { burst: 200 * MAX_INPUTS, perSecond: 5 * MAX_INPUTS },
  hospitalPerDay: 20_000 * MAX_INPUTS,
  clinicianPerDay: 500 * MAX_INPUTS,
  publishingPerPatient: MAX_INPUTS,
  publishingAllowance: 100 * MAX_INPUTS,
};

/** What a hospital wants evaluated. */
export interface WantedEvaluation {
  readonly hospital: string;
  readonly purpose: EvaluationPurpose;
  readonly clinician: string | undefined;
  readonly epochs: readonly number[];
  readonly inputs: number;
}

/** Counts what hospitals and their clinicians have evaluated: bursts in memory, days and epochs in the store, over restarts. */
export class GuardianQuotas {
  private readonly hospitals: RateLimiter;
  private readonly clinicians: RateLimiter;
  private readonly publishers: RateLimiter;

  constructor(
    private readonly store: GuardianStore,
    private readonly clock: Clock,
    private readonly limits: GuardianLimits,
  ) {
    this.hospitals = new RateLimiter(limits.hospitalRate, clock);
    this.clinicians = new RateLimiter(limits.clinicianRate, clock);
    this.publishers = new RateLimiter(limits.publishingRate, clock);
  }

  /** Before anything is computed. @throws LocatorError `RATE_LIMITED` */
  takeBurst({ hospital, purpose, clinician, inputs }: WantedEvaluation): void {
    const isPublishing = purpose === PUBLISH_PURPOSE;
    const allowed = isPublishing
      ? this.publishers.take(hospital, inputs)
      : this.clinicians.take(clinicianOf(hospital, clinician), inputs) && this.hospitals.take(hospital, inputs);
    if (!allowed) throw new LocatorError('RATE_LIMITED', 'Too much is asked at once; try again later.');
  }

  /**
   * Counts an evaluation, in the transaction in which it is logged.
   * @throws LocatorError `RATE_LIMITED` for asking, `ADMISSIONS_REQUIRED` for publishing; then nothing is counted
   */
  async count(transaction: Transaction, wanted: WantedEvaluation): Promise<void> {
    const uses = wanted.purpose === PUBLISH_PURPOSE ? await this.publishingUses(transaction, wanted) : this.askingUses(wanted);
    const exceeded = await this.store.count(transaction, uses);
    if (exceeded === undefined) return;
    throw wanted.purpose === PUBLISH_PURPOSE
      ? new LocatorError('ADMISSIONS_REQUIRED', 'The admissions that this hospital has shown allow no more evaluations for publishing.')
      : new LocatorError('RATE_LIMITED', 'As much as one day allows has been asked; try again tomorrow.');
  }

  /** Forgets the counts of days that are over. */
  async tidy(transaction: Transaction): Promise<void> {
    await this.store.removeCountsBefore(transaction, this.today());
  }

  private askingUses({ hospital, clinician, inputs }: WantedEvaluation): CountedUse[] {
    const { hospitalPerDay, clinicianPerDay } = this.limits;
    const period = this.today();
    return [
      { period, subject: clinicianOf(hospital, clinician), amount: inputs, limit: clinicianPerDay },
      { period, subject: `hospital ${hospital}`, amount: inputs, limit: hospitalPerDay },
    ];
  }

  private async publishingUses(transaction: Transaction, { hospital, epochs, inputs }: WantedEvaluation): Promise<CountedUse[]> {
    const { publishingPerPatient, publishingAllowance } = this.limits;
    const credited = (await this.store.admissions(transaction, hospital))?.credited ?? 0;
    const limit = credited * publishingPerPatient + publishingAllowance;
    return epochs.map((epoch) => ({ period: `epoch-${epoch}`, subject: `publishing ${hospital}`, amount: inputs, limit }));
  }

  private today(): string {
    const [day = ''] = this.clock.now().toISOString().split('T');
    return day;
  }
}

function clinicianOf(hospital: string, clinician: string | undefined): string {
  return `clinician ${hospital} ${clinician ?? ''}`;
}
