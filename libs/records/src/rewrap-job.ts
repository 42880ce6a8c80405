import type { Transaction } from '@carecord/core';

/**
 * What is replaced: `root`, the root key over the epoch keys and the node's own keys; `epoch`, the epoch key over the
 * patient keys; `patient`, the patient keys over the data keys.
 */
export const REWRAP_LEVELS = ['root', 'epoch', 'patient'] as const;

/** One of {@link REWRAP_LEVELS}. */
export type RewrapLevel = (typeof REWRAP_LEVELS)[number];

/** `failed`: everything was done but for keys that do not open, which were left as they are. */
export const REWRAP_STATES = ['running', 'finished', 'failed'] as const;

/** One of {@link REWRAP_STATES}. */
export type RewrapState = (typeof REWRAP_STATES)[number];

/** The work of re-wrapping one level of the key hierarchy, and how far it is. */
export interface RewrapJob {
  /** UUID. */
  readonly id: string;
  readonly level: RewrapLevel;
  readonly state: RewrapState;
  /** The key under which everything lies afterwards: a root key's id, an epoch's number; `new` where each patient gets their own. */
  readonly target: string;
  /** The last epoch or patient that is done; undefined before the first. */
  readonly cursor: string | undefined;
  /** Keys (for `patient`: patients) that were re-wrapped. */
  readonly done: number;
  /** As counted at the beginning; once finished, what was done. */
  readonly total: number;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | undefined;
  /** Code of the first key that did not open. */
  readonly errorCode: string | undefined;
}

/** The jobs that re-wrap keys. */
export interface RewrapJobStore {
  /**
   * Adds a job unless one of its level is running; of two callers at once, one adds.
   * @returns whether it was added
   */
  insert(transaction: Transaction, job: RewrapJob): Promise<boolean>;
  /** A job, locked until the transaction ends, so that no batch is done twice. */
  lock(transaction: Transaction, id: string): Promise<RewrapJob | undefined>;
  /** Writes everything but id, level and beginning of a job that the transaction has added or locked. */
  update(transaction: Transaction, job: RewrapJob): Promise<void>;
  /** Committed jobs that are running, begun longest ago first. */
  running(): Promise<RewrapJob[]>;
  /** Committed jobs, the newest first. */
  list(limit: number): Promise<RewrapJob[]>;
}
