import type { AuditActorKind, AuditDetail, AuditEvent, AuditEventType, AuditFilter, AuditHead, AuditOutcome, AuditStore } from '@carecord/audit';
import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { column, optional } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { AuditEventModel } from '../generated/models/AuditEvent.ts';

/** The audit log in PostgreSQL. Triggers refuse to change or remove an event; the head is a row to be locked. */
export class PostgresAuditStore implements AuditStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async lockHead(transaction: Transaction): Promise<AuditHead | undefined> {
    const [head] = await this.transactions.statementsOf(transaction).$queryRaw<{ sequence: bigint; hash: Uint8Array }[]>`
      SELECT sequence, hash FROM audit_head FOR UPDATE`;
    return head === undefined || head.sequence === 0n ? undefined : { sequence: Number(head.sequence), hash: head.hash };
  }

  async insert(transaction: Transaction, events: readonly AuditEvent[]): Promise<void> {
    const newest = events.toSorted((left, right) => left.sequence - right.sequence).at(-1);
    if (newest === undefined) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      WITH inserted AS (
        INSERT INTO audit_event (sequence, id, type, outcome, actor_kind, actor_id, actor_role, patient_id, request_id,
          counterparty, purpose, reason_code, detail, recorded_at, previous_hash, hash)
        SELECT * FROM unnest(
          ${events.map(({ sequence }) => sequence)}::bigint[], ${events.map(({ id }) => id)}::uuid[], ${events.map(({ type }) => type)}::text[],
          ${events.map(({ outcome }) => outcome)}::text[], ${events.map(({ actor }) => actor.kind)}::text[], ${events.map(({ actor }) => actor.id)}::text[],
          ${column(events, ({ actor }) => actor.role)}::text[], ${column(events, ({ patientId }) => patientId)}::text[],
          ${column(events, ({ requestId }) => requestId)}::text[], ${column(events, ({ counterparty }) => counterparty)}::text[],
          ${column(events, ({ purpose }) => purpose)}::text[], ${column(events, ({ reasonCode }) => reasonCode)}::text[],
          ${column(events, ({ detail }) => detail && JSON.stringify(detail))}::jsonb[], ${events.map(({ recordedAt }) => recordedAt)}::timestamptz[],
          ${events.map(({ previousHash }) => previousHash)}::bytea[], ${events.map(({ hash }) => hash)}::bytea[]))
      UPDATE audit_head SET sequence = ${newest.sequence}::bigint, hash = ${newest.hash} WHERE sequence < ${newest.sequence}::bigint`;
  }

  async list({ patientId, requestId, types, before, limit }: AuditFilter): Promise<AuditEvent[]> {
    const rows = await this.database.auditEvent.findMany({
      where: {
        ...(patientId === undefined ? {} : { patientId }),
        ...(requestId === undefined ? {} : { requestId }),
        ...(types === undefined ? {} : { type: { in: [...types] } }),
        ...(before === undefined ? {} : { sequence: { lt: before } }),
      },
      orderBy: { sequence: 'desc' },
      take: limit,
    });
    return rows.map(toEvent);
  }

  async scan(fromSequence: number, limit: number): Promise<AuditEvent[]> {
    const rows = await this.database.auditEvent.findMany({
      where: { sequence: { gte: fromSequence } },
      orderBy: { sequence: 'asc' },
      take: limit,
    });
    return rows.map(toEvent);
  }
}

/** Types come from closed unions when they are written; no migration narrows them. */
function toEvent(row: AuditEventModel): AuditEvent {
  return {
    id: row.id,
    sequence: Number(row.sequence),
    type: row.type as AuditEventType,
    outcome: row.outcome as AuditOutcome,
    actor: { kind: row.actorKind as AuditActorKind, id: row.actorId, ...optional('role', row.actorRole) },
    ...optional('patientId', row.patientId),
    ...optional('requestId', row.requestId),
    ...optional('counterparty', row.counterparty),
    ...optional('purpose', row.purpose),
    ...optional('reasonCode', row.reasonCode),
    ...optional('detail', row.detail as AuditDetail | null),
    recordedAt: row.recordedAt,
    previousHash: row.previousHash,
    hash: row.hash,
  };
}
