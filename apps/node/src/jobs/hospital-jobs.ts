import { ACCESS_DECIDED } from '@carecord/exchange';
import { CONSENT_CHANGED, PATIENT_CHANGED } from '@carecord/records';
import type { Foundation } from '../composition/foundation.ts';
import { addKeyCleaning } from '../composition/identity-tasks.ts';
import type { HospitalServices } from '../composition/hospital-services.ts';
import { consentJob } from './consent-job.ts';
import { RENEWAL_INTERVAL_MILLISECONDS, renewPublications } from './renew-publications.ts';
import { addSignInCleaning } from './sign-in-cleaning.ts';

/** Requests that are over hold keys and rows for nothing. */
const CLEANING_INTERVAL_MILLISECONDS = 5 * 60_000;

/** Starts the outbox, and adds the jobs of what a hospital does by itself: renewals, cleaning. */
export function addHospitalJobs(services: HospitalServices, foundation: Foundation): void {
  const { storage, clock, logger } = foundation;
  const { hospital, publisher, holder, requester, locator, references, records, staff } = services;
  const { outboxWorker, jobs } = storage;
  outboxWorker.on(PATIENT_CHANGED, (payload) => publisher.handle(payload));
  outboxWorker.on(ACCESS_DECIDED, (payload) => holder.pushOutcome(payload));
  outboxWorker.on(CONSENT_CHANGED, consentJob(holder));
  outboxWorker.start();

  jobs.add({
    name: 'renew-publications',
    everyMilliseconds: RENEWAL_INTERVAL_MILLISECONDS,
    run: async () => {
      await renewPublications({ locator, references, records, publisher, clock, logger });
    },
  });
  jobs.add({ name: 'expire-requests', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: () => requester.expireOverdue() });
  jobs.add({ name: 'delete-old-requests', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: () => holder.deleteOld() });
  addSignInCleaning(storage, staff, clock);
  addKeyCleaning(foundation, hospital.did, () => requester.recipientKeysInUse());
}
