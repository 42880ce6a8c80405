import { isDeepStrictEqual } from 'node:util';
import type { ConsentDecider } from '@carecord/consent';
import type { Clock, Logger, OutboxPayload } from '@carecord/core';
import { errorCodeOf, KeyLock, UNLISTED } from '@carecord/core';
import { patientDemographics, patientIdentifiers } from '@carecord/fhir';
import type { Locator, PatientOutcome, PublishedPatient, ReferencePublisher } from '@carecord/locator';
import type { Records } from '@carecord/records';

/** How often a publication is repeated whose patient is another one afterwards; the change that was last has a publication of its own. */
const MAX_ROUNDS = 4;

/** What {@link PatientPublisher} reads, and what it publishes with. */
export interface PublishDependencies {
  readonly records: Pick<Records, 'consents' | 'manifests' | 'namedListing' | 'readPatient'>;
  readonly consent: Pick<ConsentDecider, 'listing'>;
  readonly locator: Pick<Locator, 'publishPatient' | 'publishPatients'>;
  readonly references: Pick<ReferencePublisher, 'forget' | 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Brings what the network knows of patients up to date: the references to the sealed manifests, and the pointers. It reads the
 * present state, so repeating it, or doing it for an older change, does no harm. It reads it once more when it has written: another
 * replica may have taken back meanwhile what was written here a moment later.
 */
export class PatientPublisher {
  /** One publication of a patient at a time, each reading the state when its turn comes: a slow older one must not overtake a newer one. */
  private readonly turns = new KeyLock();

  constructor(private readonly dependencies: PublishDependencies) {}

  /** Handler of the outbox topic `patient-changed`. */
  async handle(payload: OutboxPayload): Promise<void> {
    await this.publish(String(payload['patientId']));
  }

  /** Publishes one patient now. */
  publish(patientId: string): Promise<void> {
    return this.turns.run(patientId, async () => {
      let wanted: PublishedPatient | undefined = await this.stateOf(patientId);
      for (let round = 0; round < MAX_ROUNDS && wanted !== undefined; round += 1) {
        await this.publishState(wanted);
        wanted = changed(wanted, await this.stateOf(patientId));
      }
    });
  }

  /**
   * Publishes the pointers of many patients, and renews dummies with them.
   * @returns how each patient's publication ended
   */
  publishPointers(patientIds: readonly string[], dummyIds: readonly string[]): Promise<PatientOutcome[]> {
    return this.inTurn(patientIds, async () => {
      const outcomes = new Map<string, PatientOutcome>();
      const read = async (ids: readonly string[]): Promise<PublishedPatient[]> => {
        const states = await Promise.all(ids.map((patientId) => this.readable(patientId)));
        for (const { patientId, error } of states) if (error !== undefined) outcomes.set(patientId, { patientId, error });
        return states.flatMap(({ state }) => state ?? []);
      };
      let wanted = await read(patientIds);
      for (let round = 0; round === 0 || (round < MAX_ROUNDS && wanted.length > 0); round += 1) {
        for (const outcome of await this.publishTogether(wanted, round === 0 ? dummyIds : [])) outcomes.set(outcome.patientId, outcome);
        const before = new Map(wanted.map((state) => [state.patientId, state]));
        wanted = (await read([...before.keys()])).flatMap((now) => changed(before.get(now.patientId), now) ?? []);
      }
      return [...outcomes.values()];
    });
  }

  private publishTogether(patients: readonly PublishedPatient[], dummyIds: readonly string[]): Promise<PatientOutcome[]> {
    const { locator, logger } = this.dependencies;
    return locator.publishPatients(patients, dummyIds, {
      onProgress: ({ settled, total, messages, bytes }) => logger.debug('pointers-being-published', { settled, total, messages, bytes }),
    });
  }

  private async publishState({ patientId, listing, ...person }: PublishedPatient): Promise<void> {
    await Promise.all([this.publishManifest(patientId), this.dependencies.locator.publishPatient(patientId, person, listing)]);
  }

  /** In the turns of all of these patients; whoever takes several takes them in one order, so that none waits for another in a circle. */
  private inTurn<Result>(patientIds: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const inOrder = [...new Set(patientIds)].sort();
    return inOrder.reduceRight<() => Promise<Result>>((rest, patientId) => () => this.turns.run(patientId, rest), work)();
  }

  private async readable(patientId: string): Promise<{ patientId: string; state?: PublishedPatient; error?: Error }> {
    try {
      return { patientId, state: await this.stateOf(patientId) };
    } catch (error) {
      this.dependencies.logger.warn('patient-not-published', { patientId }, error);
      return { patientId, error: error instanceof Error ? error : new Error('A patient could not be read.', { cause: error }) };
    }
  }

  /** What the patient is to be found by, and by whom; nobody finds one whom the hospital does not have any more. */
  private async stateOf(patientId: string): Promise<PublishedPatient> {
    const { records, consent, clock } = this.dependencies;
    try {
      const [patient, set, consents] = await Promise.all([records.readPatient(patientId), records.namedListing(patientId), records.consents(patientId)]);
      const listing = consent.listing(set, consents, clock.now());
      return { patientId, identifiers: patientIdentifiers(patient), demographics: patientDemographics(patient), listing };
    } catch (error) {
      if (errorCodeOf(error) === 'UNKNOWN_PATIENT') return { patientId, identifiers: [], listing: UNLISTED };
      throw error;
    }
  }

  private async publishManifest(patientId: string): Promise<void> {
    const { records, references } = this.dependencies;
    const manifests = await records.manifests([patientId]);
    if (manifests.length === 0) return references.forget([patientId]);
    const [outcome] = await references.publish(manifests);
    if (outcome?.error !== undefined) throw outcome.error;
  }
}

/** The patient as it is now, where that is not as it was. */
function changed(before: PublishedPatient | undefined, now: PublishedPatient): PublishedPatient | undefined {
  return isDeepStrictEqual(before, now) ? undefined : now;
}
