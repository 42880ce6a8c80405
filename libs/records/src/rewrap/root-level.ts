import type { Transaction } from '@carecord/core';
import { KeysError, rootKeyNumberOf } from '@carecord/keys';
import type { KeyHolder, KeyRing } from '@carecord/keys';
import { EpochKeys, isKeyTampered } from '../epoch-keys.ts';
import type { ErasureEpoch, PatientKeyStore } from '../ports.ts';
import type { RewrapJob } from '../rewrap-job.ts';
import type { JobSteps } from './job-steps.ts';
import type { RewrapBeginning, RewrapLevelWork } from './level.ts';

/** The node's own keys, which lie under root keys too. */
export type NodeKeys = Pick<KeyRing, 'list' | 'rewrapUnderNewestRoot' | 'rootKeysInUse'>;

/** What the level of the root keys works on. */
export interface RootLevelOptions {
  readonly keys: PatientKeyStore;
  readonly holder: KeyHolder;
  readonly nodeKeys: NodeKeys;
  readonly steps: JobSteps;
}

/** A new root key: every epoch key and every key of the node is wrapped under it. There are a handful of epochs at the most. */
export class RootLevel implements RewrapLevelWork {
  constructor(private readonly options: RootLevelOptions) {}

  /**
   * A root key that nothing lies under yet was made for this: perhaps by a run that ended before its job was stored.
   * @throws KeysError `ROOT_KEY_UNKNOWN` when something lies under a newer root key than the holder has: the one that it would
   *   make would have the number of the one that is missing, and what lies under one would be taken for lost under the other
   */
  async prepare(): Promise<void> {
    const { keys, holder, nodeKeys } = this.options;
    const newest = (await holder.rootKeyIds()).at(-1);
    const used = [...(await keys.epochs()).map(({ rootKeyId }) => rootKeyId), ...(await nodeKeys.rootKeysInUse())];
    const newestNumber = newest === undefined ? 0 : (rootKeyNumberOf(newest) ?? 0);
    const missing = used.find((id) => (rootKeyNumberOf(id) ?? 0) > newestNumber);
    if (missing !== undefined) {
      throw new KeysError('ROOT_KEY_UNKNOWN', `The database has keys under ${missing}, and the key holder's newest root key is ${newest ?? 'none'}: it was restored from an old backup. Restore its newest one first.`);
    }
    if (newest === undefined || used.includes(newest)) await holder.createRootKey();
  }

  async begin(transaction: Transaction): Promise<RewrapBeginning> {
    const newest = await this.newestRootKey();
    return { target: newest, total: (await this.epochsUnderOlder(transaction, newest)).length + this.nodeKeysUnderOlder(newest) };
  }

  async advance(job: RewrapJob, signal: AbortSignal | undefined): Promise<RewrapJob | undefined> {
    const after = await this.options.steps.step(job.id, (transaction, locked) => this.rewrapEpochs(transaction, locked));
    if (after?.state !== 'running') return after;
    const { done, total } = await this.options.nodeKeys.rewrapUnderNewestRoot(signal === undefined ? {} : { signal });
    const failure = done < total ? { errorCode: 'KEY_TAMPERED' } : {};
    return await this.options.steps.step(job.id, (transaction, locked) => this.end(transaction, { ...locked, ...failure }));
  }

  private async rewrapEpochs(transaction: Transaction, job: RewrapJob): Promise<RewrapJob> {
    const { keys, holder } = this.options;
    // The holder is asked under this lock, so that no root key is destroyed before what lies under it is committed. It stops nobody who uses epochs.
    await keys.lockEpochs(transaction);
    const epochKeys = new EpochKeys(holder);
    let after = job;
    for (const epoch of await this.epochsUnderOlder(transaction, await this.newestRootKey())) {
      if (epoch.number <= Number(job.cursor ?? 0)) continue;
      after = { ...(await this.rewrapEpoch(transaction, after, epochKeys, epoch)), cursor: String(epoch.number) };
    }
    return after;
  }

  private async rewrapEpoch(transaction: Transaction, job: RewrapJob, epochKeys: EpochKeys, epoch: ErasureEpoch): Promise<RewrapJob> {
    try {
      await this.options.keys.updateEpoch(transaction, await epochKeys.rewrap(epoch));
      return { ...job, done: job.done + 1 };
    } catch (error) {
      if (!isKeyTampered(error)) throw error;
      return { ...job, errorCode: 'KEY_TAMPERED' };
    }
  }

  private async end(transaction: Transaction, job: RewrapJob): Promise<RewrapJob> {
    await this.options.keys.lockEpochs(transaction);
    const newest = await this.newestRootKey();
    const left = await this.epochsUnderOlder(transaction, newest);
    // One of another process was under way when the epochs were looked through.
    if (left.length > 0 && job.errorCode === undefined) return { ...job, cursor: undefined };
    // Counted now: a run that died after it had re-wrapped some of them left no number.
    const nodeKeys = this.options.nodeKeys.list().filter(({ rootKeyId, createdAt }) => rootKeyId === newest && createdAt <= job.startedAt).length;
    return this.options.steps.ended({ ...job, done: job.done + nodeKeys });
  }

  private async epochsUnderOlder(transaction: Transaction, newest: string): Promise<ErasureEpoch[]> {
    return (await this.options.keys.epochs(transaction)).filter(({ rootKeyId }) => rootKeyId !== newest);
  }

  private nodeKeysUnderOlder(newest: string): number {
    return this.options.nodeKeys.list().filter(({ rootKeyId }) => rootKeyId !== undefined && rootKeyId !== newest).length;
  }

  private async newestRootKey(): Promise<string> {
    return (await this.options.holder.rootKeyIds()).at(-1) ?? '';
  }
}
