import { ACCESS_DECIDED } from '@carecord/exchange';
import { CONSENT_CHANGED, PATIENT_CHANGED } from '@carecord/records';
import type { Foundation } from '../composition/foundation.ts';
import type { HospitalServices } from '../composition/hospital-services.ts';
import { KeyCleaning } from '../identity/key-cleaning.ts';
import { consentJob } from './consent-job.ts';
import { RENEWAL_INTERVAL_MILLISECONDS, renewPublications } from './renew-publications.ts';

/** Sessions and requests that are over hold keys and rows for nothing. */
const CLEANING_INTERVAL_MILLISECONDS = 5 * 60_000;

/** Keys are destroyed soon after nothing needs them. */
const KEY_CLEANING_MILLISECONDS = 60_000;

/** Starts the outbox, and adds the jobs of what a hospital does by itself: renewals, cleaning. */
export function addHospitalJobs(services: HospitalServices, { storage, ring, clock, logger }: Foundation): void {
  const { hospital, publisher, holder, requester, locator, staff } = services;
  const { outboxWorker, jobs } = storage;
  outboxWorker.on(PATIENT_CHANGED, (payload) => publisher.handle(payload));
  outboxWorker.on(ACCESS_DECIDED, (payload) => holder.pushOutcome(payload));
  outboxWorker.on(CONSENT_CHANGED, consentJob(holder));
  outboxWorker.start();

  jobs.add({
    name: 'renew-publications',
    everyMilliseconds: RENEWAL_INTERVAL_MILLISECONDS,
    run: async () => {
      await renewPublications({ locator, publisher, clock, logger });
    },
  });
  jobs.add({ name: 'expire-requests', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: () => requester.expireOverdue() });
  jobs.add({ name: 'delete-old-requests', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: () => holder.deleteOld() });
  jobs.add({
    name: 'remove-sessions',
    everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS,
    run: async () => {
      await staff.removeExpired();
      await storage.usedAssertions.removeExpired(clock.now());
    },
  });
  const keys = new KeyCleaning({ ring, did: hospital.did, recipientKeysInUse: () => requester.recipientKeysInUse(), clock, logger });
  jobs.add({
    name: 'destroy-keys',
    everyMilliseconds: KEY_CLEANING_MILLISECONDS,
    run: async () => {
      await keys.run();
    },
  });
}
