import type { Clock, Transaction } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { rewrapDataKey } from '../envelope.ts';
import { isKeyTampered } from '../epoch-keys.ts';
import type { EpochKeys } from '../epoch-keys.ts';
import type { KeyHierarchy } from '../key-hierarchy.ts';
import { manifestBinding } from '../manifest.ts';
import { unwrapPatientKey, wrapPatientKey } from '../patient-keys.ts';
import type { PatientKeyStore, RecordStore } from '../ports.ts';
import type { RewrapJob } from '../rewrap-job.ts';
import type { JobSteps } from './job-steps.ts';
import type { RewrapBeginning, RewrapLevelWork } from './level.ts';

/** Patients for whom the epoch keys are opened together; each is a transaction of its own. */
const PAGE_SIZE = 100;

/** What the level of the patient keys works on. */
export interface PatientLevelOptions {
  readonly stores: RecordStore;
  readonly keys: PatientKeyStore;
  readonly hierarchy: KeyHierarchy;
  readonly steps: JobSteps;
  readonly clock: Clock;
  /** @default {@link PAGE_SIZE} */
  readonly pageSize?: number;
}

/** A new key for every patient, by which all their data keys are wrapped; the one before is gone with its row. */
export class PatientLevel implements RewrapLevelWork {
  constructor(private readonly options: PatientLevelOptions) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async begin(transaction: Transaction): Promise<RewrapBeginning> {
    return { target: 'new', total: await this.options.keys.countPatientKeys(transaction) };
  }

  async advance(job: RewrapJob, signal: AbortSignal | undefined): Promise<RewrapJob | undefined> {
    const { keys, hierarchy, steps, pageSize = PAGE_SIZE } = this.options;
    const patientIds = await keys.patientsWithKeys({ after: job.cursor, limit: pageSize });
    if (patientIds.length === 0) return await steps.step(job.id, (_, locked) => Promise.resolve(steps.ended(locked)));
    const epochs = await hierarchy.openEpochs();
    let after: RewrapJob | undefined = job;
    for (const patientId of patientIds) {
      if (after?.state !== 'running' || signal?.aborted === true) return after;
      after = await steps.step(job.id, (transaction, locked) => this.renewOnce(transaction, locked, patientId, epochs));
    }
    return after;
  }

  private async renewOnce(transaction: Transaction, job: RewrapJob, patientId: string, epochs: EpochKeys): Promise<RewrapJob> {
    // Another process works on the same job and was faster.
    if (job.cursor !== undefined && patientId <= job.cursor) return job;
    const after = { ...job, cursor: patientId };
    try {
      return (await this.renew(transaction, patientId, epochs)) ? { ...after, done: job.done + 1 } : after;
    } catch (error) {
      if (!isKeyTampered(error)) throw error;
      return { ...after, errorCode: 'KEY_TAMPERED' };
    }
  }

  /** Opens everything before it writes anything: a patient with a key that does not open stays as they are. */
  private async renew(transaction: Transaction, patientId: string, epochs: EpochKeys): Promise<boolean> {
    const { stores, keys, hierarchy, clock } = this.options;
    const [patient] = await stores.lockPatients(transaction, [patientId]);
    const [stored] = await keys.lockPatientKeys(transaction, [patientId]);
    if (patient === undefined || stored === undefined) return false;
    const before = unwrapPatientKey(await epochs.open(stored.epoch), stored);
    const after = randomKey();
    const [manifest] = await stores.findManifests([patientId], transaction);
    const versions = await stores.findPatientVersions(transaction, patientId);
    const versionKeys = versions.map((version) => ({ contentId: version.contentId, wrappedDataKey: rewrapDataKey(before, after, version.wrappedDataKey, version) }));
    const manifestKey = manifest && rewrapDataKey(before, after, manifest.wrappedDataKey, manifestBinding(manifest));

    const current = await hierarchy.currentEpoch(transaction, epochs);
    const place = { patientId, number: stored.number + 1, epochNumber: current.epoch.number };
    await keys.replacePatientKeys(transaction, [{ ...place, wrappedKey: wrapPatientKey(current.key, after, place), createdAt: clock.now() }]);
    await stores.replaceVersionKeys(transaction, versionKeys);
    if (manifestKey !== undefined) await stores.replaceManifestKey(transaction, patientId, manifestKey);
    return true;
  }
}
