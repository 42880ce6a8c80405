import type { Outbox } from '@carecord/core';
import { PATIENT_CHANGED } from '@carecord/records';

/** Outbox topic `{ patientId }`: a consent of the patient changed, so what was granted because of it must end. */
export const CONSENT_CHANGED = 'consent-changed';

/**
 * An outbox for the records that change consents: whatever announces a changed patient announces a changed consent in the
 * same transaction. A node that dies between the change and the end of the grants ends them when it is back.
 */
export function announcingConsentChanges(outbox: Outbox): Outbox {
  return {
    enqueue: async (transaction, topic, payload) => {
      await outbox.enqueue(transaction, topic, payload);
      if (topic === PATIENT_CHANGED) await outbox.enqueue(transaction, CONSENT_CHANGED, payload);
    },
  };
}
