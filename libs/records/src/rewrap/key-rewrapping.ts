import type { AuditActor, AuditLog } from '@carecord/audit';
import { newId } from '@carecord/core';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import type { KeyHolder } from '@carecord/keys';
import { KeyHierarchy } from '../key-hierarchy.ts';
import type { PatientKeyStore, RecordStore } from '../ports.ts';
import { RecordsError } from '../records-error.ts';
import type { RewrapJob, RewrapJobStore, RewrapLevel } from '../rewrap-job.ts';
import { EpochLevel } from './epoch-level.ts';
import { JobSteps } from './job-steps.ts';
import type { RewrapLevelWork } from './level.ts';
import { PatientLevel } from './patient-level.ts';
import { RootLevel } from './root-level.ts';
import type { NodeKeys } from './root-level.ts';

/** Jobs of years: who wants older ones reads the audit log. */
const MAX_JOBS_SHOWN = 100;

/** What {@link KeyRewrapping} needs from outside. */
export interface KeyRewrappingDependencies {
  readonly stores: RecordStore;
  readonly keys: PatientKeyStore;
  readonly jobs: RewrapJobStore;
  readonly transactions: TransactionRunner;
  readonly audit: AuditLog;
  readonly holder: KeyHolder;
  /** The node's own keys: they lie under the root keys as well. */
  readonly nodeKeys: NodeKeys;
  readonly clock: Clock;
  /** Keys of one batch, where a level has batches. */
  readonly batchSize?: number;
}

/** A root key of the holder. */
export interface RootKeyInfo {
  /** For example `root-2`. */
  readonly id: string;
  /** Whatever is wrapped from now on lies under it. */
  readonly isCurrent: boolean;
  /** Something lies under it: an epoch key or a key of the node. */
  readonly isUsed: boolean;
}

/**
 * Replaces the keys of one level of the hierarchy and re-wraps what lies under them, while the hospital goes on working. A
 * job goes on where it stopped, whenever and wherever somebody runs it; several processes may run it at once.
 */
export class KeyRewrapping {
  private readonly dependencies: KeyRewrappingDependencies;
  private readonly levels: Readonly<Record<RewrapLevel, RewrapLevelWork>>;

  constructor(dependencies: KeyRewrappingDependencies) {
    const { stores, keys, holder, nodeKeys, clock, batchSize } = dependencies;
    const steps = new JobSteps(dependencies);
    const hierarchy = new KeyHierarchy({ store: keys, holder, clock });
    const sized = batchSize === undefined ? {} : { batchSize, pageSize: batchSize };
    this.dependencies = dependencies;
    this.levels = {
      root: new RootLevel({ keys, holder, nodeKeys, steps }),
      epoch: new EpochLevel({ keys, hierarchy, steps, ...sized }),
      patient: new PatientLevel({ stores, keys, hierarchy, steps, clock, ...sized }),
    };
  }

  /**
   * Begins to re-wrap a level: what is new lies under the new key from now on, what there is follows with {@link KeyRewrapping.run}.
   * @throws RecordsError `REWRAP_RUNNING`; the key holder's errors
   */
  async start(level: RewrapLevel, actor: AuditActor): Promise<RewrapJob> {
    const { jobs, transactions, audit, clock } = this.dependencies;
    if ((await jobs.running()).some((job) => job.level === level)) throw rewrapRunning();
    await this.levels[level].prepare();
    return await transactions.run(async (transaction) => {
      const now = clock.now();
      const empty = { target: '', total: 0, cursor: undefined, done: 0, finishedAt: undefined, errorCode: undefined };
      const announced: RewrapJob = { id: newId(), level, state: 'running', ...empty, startedAt: now, updatedAt: now };
      // Before anything else is locked: who comes second must not make an epoch first.
      if (!(await jobs.insert(transaction, announced))) throw rewrapRunning();
      const job = { ...announced, ...(await this.levels[level].begin(transaction)) };
      await jobs.update(transaction, job);
      await audit.append(transaction, { type: 'keys-rewrapped', outcome: 'success', actor, detail: { job: job.id, level, phase: 'begun', total: job.total } });
      return job;
    });
  }

  /**
   * Takes up the jobs that are not finished, until they are; one that fails does not keep the others from going on.
   * @param signal stops it between two batches
   * @throws the holder's or the database's errors, the first of them: run it again
   */
  async run(signal?: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const job of await this.dependencies.jobs.running()) await this.finish(job, signal).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** The jobs with their progress, the newest first. */
  jobs(): Promise<RewrapJob[]> {
    return this.dependencies.jobs.list(MAX_JOBS_SHOWN);
  }

  /** The root keys that the holder has, oldest first. */
  async rootKeys(): Promise<RootKeyInfo[]> {
    const ids = await this.dependencies.holder.rootKeyIds();
    const used = await this.rootKeysInUse();
    return ids.map((id, index) => ({ id, isCurrent: index === ids.length - 1, isUsed: used.has(id) }));
  }

  /**
   * Destroys all root keys but the newest, oldest first, each after it is in the log that this begins: no crash leaves it untold.
   * @returns the ids of those that were destroyed; none when there is but one
   * @throws RecordsError `ROOT_KEY_IN_USE` when anything lies under an old one: then none is destroyed
   */
  async destroyOldRootKeys(actor: AuditActor): Promise<string[]> {
    const destroyed: string[] = [];
    for (const rootKeyId of (await this.dependencies.holder.rootKeyIds()).slice(0, -1)) {
      if (await this.destroyRootKey(rootKeyId, actor)) destroyed.push(rootKeyId);
    }
    return destroyed;
  }

  private async finish(begun: RewrapJob, signal: AbortSignal | undefined): Promise<void> {
    let job: RewrapJob | undefined = begun;
    while (job?.state === 'running' && signal?.aborted !== true) job = await this.levels[job.level].advance(job, signal);
  }

  /** Whoever wraps something holds one of these two locks until it is committed: nothing is on its way under an old root key. */
  private async destroyRootKey(rootKeyId: string, actor: AuditActor): Promise<boolean> {
    const begun = await this.withOldRootKey(rootKeyId, (transaction) => this.announceDestruction(transaction, rootKeyId, 'begun', actor));
    return (
      begun &&
      (await this.withOldRootKey(rootKeyId, async (transaction) => {
        await this.announceDestruction(transaction, rootKeyId, 'ended', actor);
        await this.dependencies.holder.destroyRootKey(rootKeyId);
      }))
    );
  }

  /** @returns false where another process was faster */
  private withOldRootKey(rootKeyId: string, work: (transaction: Transaction) => Promise<void>): Promise<boolean> {
    const { keys, holder, transactions } = this.dependencies;
    return transactions.run(async (transaction) => {
      await keys.lockEpochs(transaction);
      const used = await this.rootKeysInUse(transaction);
      const old = (await holder.rootKeyIds()).slice(0, -1);
      if (old.some((id) => used.has(id))) throw new RecordsError('ROOT_KEY_IN_USE', 'Keys still lie under an old root key: re-wrap the level "root" first.');
      if (!old.includes(rootKeyId)) return false;
      await work(transaction);
      return true;
    });
  }

  private async announceDestruction(transaction: Transaction, rootKey: string, phase: 'begun' | 'ended', actor: AuditActor): Promise<void> {
    await this.dependencies.audit.append(transaction, { type: 'root-keys-destroyed', outcome: 'success', actor, detail: { rootKey, phase } });
  }

  private async rootKeysInUse(transaction?: Transaction): Promise<ReadonlySet<string>> {
    const { keys, nodeKeys } = this.dependencies;
    const epochs = await keys.epochs(transaction);
    return new Set([...epochs.map(({ rootKeyId }) => rootKeyId), ...(await nodeKeys.rootKeysInUse(transaction))]);
  }
}

function rewrapRunning(): RecordsError {
  return new RecordsError('REWRAP_RUNNING', 'This level of the keys is being re-wrapped already.');
}
