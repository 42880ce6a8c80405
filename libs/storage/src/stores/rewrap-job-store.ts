import type { Transaction } from '@carecord/core';
import { REWRAP_LEVELS, REWRAP_STATES } from '@carecord/records';
import type { RewrapJob, RewrapJobStore } from '@carecord/records';
import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { isUuid } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Whoever adds a job holds this advisory lock. No lock of the table: batches of other jobs write into it and wait for locks of their own. */
const ADDING_LOCK = 7_273_411;

const levelSchema = z.enum(REWRAP_LEVELS);
const stateSchema = z.enum(REWRAP_STATES);

/** A row of the table. */
interface RewrapJobRow {
  readonly id: string;
  readonly level: string;
  readonly state: string;
  readonly target: string;
  readonly cursor: string | null;
  readonly done: number;
  readonly total: number;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
  readonly errorCode: string | null;
}

/** The jobs that re-wrap keys in PostgreSQL, in the schema `keys`. */
export class PostgresRewrapJobStore implements RewrapJobStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(transaction: Transaction, job: RewrapJob): Promise<boolean> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.$queryRaw`SELECT pg_advisory_xact_lock(${ADDING_LOCK})::text`;
    if ((await statements.rewrapJob.count({ where: { level: job.level, state: 'running' } })) > 0) return false;
    await statements.rewrapJob.create({ data: { id: job.id, level: job.level, startedAt: job.startedAt, ...changing(job) } });
    return true;
  }

  async lock(transaction: Transaction, id: string): Promise<RewrapJob | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = await this.transactions.statementsOf(transaction).$queryRaw<RewrapJobRow[]>`
      SELECT id, level, state, target, cursor, done, total, started_at AS "startedAt", updated_at AS "updatedAt",
        finished_at AS "finishedAt", error_code AS "errorCode"
      FROM keys.rewrap_job WHERE id = ${id}::uuid FOR UPDATE`;
    return row && jobOf(row);
  }

  async update(transaction: Transaction, job: RewrapJob): Promise<void> {
    await this.transactions.statementsOf(transaction).rewrapJob.update({ where: { id: job.id }, data: changing(job) });
  }

  async running(): Promise<RewrapJob[]> {
    const rows = await this.database.rewrapJob.findMany({ where: { state: 'running' }, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] });
    return rows.map(jobOf);
  }

  async list(limit: number): Promise<RewrapJob[]> {
    const rows = await this.database.rewrapJob.findMany({ orderBy: [{ startedAt: 'desc' }, { id: 'desc' }], take: limit });
    return rows.map(jobOf);
  }
}

function changing({ state, target, cursor, done, total, updatedAt, finishedAt, errorCode }: RewrapJob): Omit<RewrapJobRow, 'id' | 'level' | 'startedAt'> {
  return { state, target, cursor: cursor ?? null, done, total, updatedAt, finishedAt: finishedAt ?? null, errorCode: errorCode ?? null };
}

function jobOf({ level, state, cursor, finishedAt, errorCode, ...row }: RewrapJobRow): RewrapJob {
  return {
    ...row,
    level: levelSchema.parse(level),
    state: stateSchema.parse(state),
    cursor: cursor ?? undefined,
    finishedAt: finishedAt ?? undefined,
    errorCode: errorCode ?? undefined,
  };
}
