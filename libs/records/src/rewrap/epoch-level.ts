import type { Transaction } from '@carecord/core';
import { isKeyTampered } from '../epoch-keys.ts';
import type { EpochKeys } from '../epoch-keys.ts';
import type { KeyHierarchy } from '../key-hierarchy.ts';
import { unwrapPatientKey, wrapPatientKey } from '../patient-keys.ts';
import type { PatientKeyStore, StoredPatientKey, WrappedPatientKey } from '../ports.ts';
import type { RewrapJob } from '../rewrap-job.ts';
import type { JobSteps } from './job-steps.ts';
import type { RewrapBeginning, RewrapLevelWork } from './level.ts';

/** Some milliseconds of work: a batch that is lost costs little, and nobody waits long for a key that is locked. */
const BATCH_SIZE = 500;

/** What the level of the epoch keys works on. */
export interface EpochLevelOptions {
  readonly keys: PatientKeyStore;
  readonly hierarchy: KeyHierarchy;
  readonly steps: JobSteps;
  /** @default {@link BATCH_SIZE} */
  readonly batchSize?: number;
}

/** A new erasure epoch: every patient key is wrapped under it, then the epochs before are deleted with their keys. */
export class EpochLevel implements RewrapLevelWork {
  constructor(private readonly options: EpochLevelOptions) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async begin(transaction: Transaction): Promise<RewrapBeginning> {
    const { number } = await this.options.hierarchy.createNextEpoch(transaction);
    return { target: String(number), total: await this.options.keys.countPatientKeys(transaction, { epochBelow: number }) };
  }

  async advance(job: RewrapJob): Promise<RewrapJob | undefined> {
    const epochs = await this.options.hierarchy.openEpochs();
    return await this.options.steps.step(job.id, (transaction, locked) => this.rewrapBatch(transaction, locked, epochs));
  }

  private async rewrapBatch(transaction: Transaction, job: RewrapJob, epochs: EpochKeys): Promise<RewrapJob> {
    const { keys, hierarchy, batchSize = BATCH_SIZE } = this.options;
    const batch = await keys.lockKeysOfOldEpochs(transaction, Number(job.target), { after: job.cursor, limit: batchSize });
    const last = batch.at(-1);
    if (last === undefined) return await this.endPass(transaction, job);
    const current = await hierarchy.currentEpoch(transaction, epochs);
    const rewrapped: WrappedPatientKey[] = [];
    for (const stored of batch) {
      const key = await opened(stored, epochs);
      if (key === undefined) continue;
      const place = { patientId: stored.patientId, number: stored.number, epochNumber: current.epoch.number };
      rewrapped.push({ ...place, wrappedKey: wrapPatientKey(current.key, key, place), createdAt: stored.createdAt });
    }
    await keys.replacePatientKeys(transaction, rewrapped);
    const failure = rewrapped.length < batch.length ? { errorCode: 'KEY_TAMPERED' } : {};
    return { ...job, cursor: last.patientId, done: job.done + rewrapped.length, ...failure };
  }

  /** Admissions that were under way when the new epoch began may have added keys under the old one, behind the cursor. */
  private async endPass(transaction: Transaction, job: RewrapJob): Promise<RewrapJob> {
    const left = await this.options.keys.deleteUnusedEpochs(transaction, Number(job.target));
    return left > 0 && job.errorCode === undefined ? { ...job, cursor: undefined } : this.options.steps.ended(job);
  }
}

/** Undefined when it does not open: it stays where it is, and so does its epoch, for whoever can mend it. */
async function opened(stored: StoredPatientKey, epochs: EpochKeys): Promise<Uint8Array | undefined> {
  try {
    return unwrapPatientKey(await epochs.open(stored.epoch), stored);
  } catch (error) {
    if (isKeyTampered(error)) return undefined;
    throw error;
  }
}
