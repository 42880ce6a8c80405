import { randomUUID } from 'node:crypto';
import { later } from '@carecord/core';
import type { OutboxPayload } from '@carecord/core';
import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { StorageError } from '../storage-error.ts';

/** An entry that a worker has taken. */
export interface ClaimedEntry {
  readonly id: string;
  readonly topic: string;
  /** As it stands in the database: {@link readPayload} checks it. */
  readonly payload: unknown;
  /** How often it was taken, this time included. */
  readonly attempts: number;
  /** Names this taking: only it may finish the entry. */
  readonly claim: string;
}

/** An entry that was given up: a person looks at it. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly lastErrorCode: string;
  readonly createdAt: Date;
  readonly deadAt: Date;
}

const payloadSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/**
 * The payload of a stored entry.
 * @throws StorageError `CORRUPT` when it is not one
 */
export function readPayload(payload: unknown): OutboxPayload {
  const result = payloadSchema.safeParse(payload);
  if (!result.success) throw new StorageError('CORRUPT', 'An entry of the outbox does not have the shape that it was written with.');
  return result.data;
}

/** What workers do with the rows of the outbox. A taken entry is a lease: when its worker dies, it is free again by itself. */
export class OutboxEntries {
  constructor(private readonly database: Database) {}

  /** Takes entries that are due, the longest due first; no two workers get the same. */
  async claim(topics: readonly string[], now: Date, leaseMilliseconds: number, limit: number): Promise<ClaimedEntry[]> {
    return await this.database.$queryRaw<ClaimedEntry[]>`
      UPDATE outbox_entry SET attempts = attempts + 1, claim = ${randomUUID()}::uuid, next_attempt_at = ${later(now, leaseMilliseconds)}
      WHERE id IN (
        SELECT id FROM outbox_entry WHERE dead_at IS NULL AND next_attempt_at <= ${now} AND topic = ANY(${topics}::text[])
        ORDER BY next_attempt_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING id, topic, payload, attempts, claim`;
  }

  /** Keeps an entry for longer. */
  async extend({ id, claim }: ClaimedEntry, nextAttemptAt: Date): Promise<void> {
    await this.database.outboxEntry.updateMany({ where: { id, claim }, data: { nextAttemptAt } });
  }

  /** The work is done. */
  async finish({ id, claim }: ClaimedEntry): Promise<void> {
    await this.database.outboxEntry.deleteMany({ where: { id, claim } });
  }

  /** The work failed: it is tried again then. */
  async retryAt({ id, claim }: ClaimedEntry, lastErrorCode: string, nextAttemptAt: Date): Promise<void> {
    await this.database.outboxEntry.updateMany({ where: { id, claim }, data: { lastErrorCode, nextAttemptAt, claim: null } });
  }

  /** The work failed too often. */
  async giveUp({ id, claim }: ClaimedEntry, lastErrorCode: string, deadAt: Date): Promise<void> {
    await this.database.outboxEntry.updateMany({ where: { id, claim }, data: { lastErrorCode, deadAt, claim: null } });
  }

  /** How many entries wait or are worked on, and how many were given up. */
  async backlog(topic: string): Promise<{ readonly waiting: number; readonly dead: number }> {
    const [waiting, dead] = await Promise.all([
      this.database.outboxEntry.count({ where: { topic, deadAt: null } }),
      this.database.outboxEntry.count({ where: { topic, deadAt: { not: null } } }),
    ]);
    return { waiting, dead };
  }

  /** Entries that were given up, the newest first. */
  async deadLetters(limit: number): Promise<DeadLetter[]> {
    const rows = await this.database.outboxEntry.findMany({ where: { deadAt: { not: null } }, orderBy: { deadAt: 'desc' }, take: limit });
    return rows.flatMap(({ id, topic, payload, attempts, lastErrorCode, createdAt, deadAt }) =>
      deadAt === null ? [] : [{ id, topic, payload, attempts, lastErrorCode: lastErrorCode ?? 'INTERNAL', createdAt, deadAt }],
    );
  }

  /** Gives an entry that was given up all its attempts again; false when there is none. */
  async revive(id: string, now: Date): Promise<boolean> {
    const { count } = await this.database.outboxEntry.updateMany({
      where: { id, deadAt: { not: null } },
      data: { deadAt: null, attempts: 0, nextAttemptAt: now },
    });
    return count === 1;
  }
}
