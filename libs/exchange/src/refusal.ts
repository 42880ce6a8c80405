import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { ExchangeError } from './exchange-error.ts';
import { REFUSAL_DEADLINE_MILLISECONDS } from './limits.ts';
import { REFUSAL_CODES } from './protocols.ts';
import type { AccessAnswer, RefusalCode } from './protocols.ts';

/** The one answer to whatever is not available: an unknown patient, no consent, a denial, a fault of ours. */
export const NOT_AVAILABLE_ANSWER: AccessAnswer = Object.freeze({ state: 'refused', code: 'NOT_AVAILABLE' });

/** There is nothing for this asker; why stays in the holder's log. */
export class NotAvailable extends ExchangeError {
  /**
   * @param reasonCode the true reason, for the log
   * @param patientId the patient, where one was found
   */
  constructor(
    readonly reasonCode: string,
    readonly patientId?: string,
    readonly detail: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super('NOT_AVAILABLE', 'There is nothing available for this request.');
  }
}

/** The code that a refused asker may be told, for a refusal that says nothing about patients. */
export function tellableCode(error: unknown): Exclude<RefusalCode, 'NOT_AVAILABLE'> | undefined {
  if (!(error instanceof ExchangeError) || error.code === 'NOT_AVAILABLE') return undefined;
  return REFUSAL_CODES.find((code): code is Exclude<RefusalCode, 'NOT_AVAILABLE'> => code === error.code);
}

/**
 * Resolves at the refusal's deadline, so that neither what was found nor how long it took can be seen from outside. Work
 * that overran the deadline ends at its next multiple.
 * @param work what the refusal still has to do; never rejects
 */
export async function untilRefusalDeadline(receivedAt: Date, clock: Clock, work: Promise<void>): Promise<void> {
  await work;
  const elapsed = clock.now().getTime() - receivedAt.getTime();
  const periods = Math.max(1, Math.ceil(elapsed / REFUSAL_DEADLINE_MILLISECONDS));
  await clock.sleepUntil(later(receivedAt, periods * REFUSAL_DEADLINE_MILLISECONDS));
}
