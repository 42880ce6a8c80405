import type { Clock, OutboxPayload } from '@carecord/core';
import { KeyLock, later } from '@carecord/core';
import { patientIdentifiers } from '@carecord/fhir';
import type { LocalIdentity } from '@carecord/identity';
import type { Locator } from '@carecord/locator';
import { publishReference } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import type { Records } from '@carecord/records';

/** Storers forget a reference 48 hours after they were last given it: saying more would promise what nobody keeps. */
export const REFERENCE_LIFETIME_MILLISECONDS = 48 * 60 * 60_000;

/** What {@link PatientPublisher} reads, and what it publishes with. */
export interface PublishDependencies {
  readonly records: Pick<Records, 'manifest' | 'patientListing' | 'readPatient'>;
  readonly locator: Pick<Locator, 'publishPatient'>;
  readonly network: NetworkHost;
  readonly identity: Pick<LocalIdentity, 'current' | 'did'>;
  readonly clock: Clock;
}

/**
 * Brings what the network knows of a patient up to date: the reference to the sealed manifest, and the pointers. It reads
 * the present state, so repeating it, or doing it for an older change, does no harm.
 */
export class PatientPublisher {
  /** One publication of a patient at a time, each reading the state when its turn comes: a slow older one must not overtake a newer one. */
  private readonly turns = new KeyLock();

  constructor(private readonly dependencies: PublishDependencies) {}

  /** Handler of the outbox topic `patient-changed`. */
  async handle(payload: OutboxPayload): Promise<void> {
    await this.publish(String(payload['patientId']));
  }

  publish(patientId: string): Promise<void> {
    return this.turns.run(patientId, () => this.publishPresentState(patientId));
  }

  private async publishPresentState(patientId: string): Promise<void> {
    const { records, locator } = this.dependencies;
    const [patient, listing] = await Promise.all([records.readPatient(patientId), records.patientListing(patientId)]);
    await Promise.all([this.publishManifest(patientId), locator.publishPatient(patientId, patientIdentifiers(patient), listing)]);
  }

  private async publishManifest(patientId: string): Promise<void> {
    const { records, network, identity, clock } = this.dependencies;
    const { contentId, sequence } = await records.manifest(patientId);
    await publishReference(network, { contentId, identity, sequence, expiresAt: later(clock.now(), REFERENCE_LIFETIME_MILLISECONDS) });
  }
}
