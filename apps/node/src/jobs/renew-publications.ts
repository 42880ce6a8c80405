import type { Clock, Logger } from '@carecord/core';
import { later } from '@carecord/core';
import type { Locator } from '@carecord/locator';
import type { PatientPublisher } from './publish-patient.ts';

/** Pointers last 48 hours: renewed when less than half is left, a day of trouble loses none. */
export const RENEW_BEFORE_MILLISECONDS = 24 * 60 * 60_000;
/** How often the hospital looks for pointers to renew. */
export const RENEWAL_INTERVAL_MILLISECONDS = 10 * 60_000;

/** Publishes again what is about to expire: storers never do. One run takes what is most urgent; the next takes more. */
export async function renewPublications(dependencies: {
  readonly locator: Pick<Locator, 'pointersDueBefore'>;
  readonly publisher: Pick<PatientPublisher, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<{ readonly renewed: number; readonly failed: number }> {
  const { locator, publisher, clock, logger } = dependencies;
  const due = await locator.pointersDueBefore(later(clock.now(), RENEW_BEFORE_MILLISECONDS));
  let failed = 0;
  for (const patientId of due) {
    try {
      await publisher.publish(patientId);
    } catch (error) {
      failed += 1;
      logger.warn('renewal-failed', { patientId }, error);
    }
  }
  if (due.length > 0) logger.info('publications-renewed', { renewed: due.length - failed, failed });
  return { renewed: due.length - failed, failed };
}
