import type { OutboxHandler } from '@carecord/core';
import { ACCESS_DECIDED } from '@carecord/exchange';
import { PATIENT_CHANGED } from '@carecord/records';
import type { Foundation } from '../composition/foundation.ts';
import type { HospitalServices } from '../composition/hospital-services.ts';
import { CONSENT_CHANGED } from '../consents/consent-changes.ts';
import { startPeriodicJobs } from './periodic.ts';
import { RENEWAL_INTERVAL_MILLISECONDS, renewPublications } from './renew-publications.ts';

/** Sessions and requests that are over hold keys and rows for nothing. */
const CLEANING_INTERVAL_MILLISECONDS = 5 * 60_000;

/** Starts what a hospital does by itself: the outbox, renewals, cleaning. */
export function startHospitalJobs(services: HospitalServices, { storage, clock, logger }: Foundation): { stop(): Promise<void> } {
  const { publisher, holder, requester, locator, sessions } = services;
  const handlers = new Map<string, OutboxHandler>([
    [PATIENT_CHANGED, (payload) => publisher.handle(payload)],
    [ACCESS_DECIDED, (payload) => holder.pushOutcome(payload)],
    [CONSENT_CHANGED, async (payload) => void (await holder.revokeForPatient(String(payload['patientId']), { kind: 'system', id: 'consent-job' }))],
  ]);
  const outbox = storage.startOutbox(handlers);
  const periodic = startPeriodicJobs(
    [
      { name: 'renew-publications', everyMilliseconds: RENEWAL_INTERVAL_MILLISECONDS, run: async () => void (await renewPublications({ locator, publisher, clock, logger })) },
      { name: 'expire-requests', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: () => requester.expireOverdue() },
      { name: 'remove-sessions', everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS, run: async () => void (await sessions.removeExpired()) },
    ],
    { clock, logger },
  );
  return {
    stop: async () => {
      await Promise.all([periodic.stop(), outbox.stop()]);
    },
  };
}
