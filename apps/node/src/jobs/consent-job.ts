import type { OutboxHandler } from '@carecord/core';
import type { AccessHolder } from '@carecord/exchange';

/**
 * Handler of the outbox topic `consent-changed`. Whoever changed the consent has ended the grants at once: this makes sure
 * of it when the node died in between.
 */
export function consentJob(holder: Pick<AccessHolder, 'revokeForPatient'>): OutboxHandler {
  return async (payload) => {
    await holder.revokeForPatient(String(payload['patientId']), { kind: 'system', id: 'consent-job' });
  };
}
