import type { PurposeOfUse } from '@carecord/fhir';
import type { Transaction } from '@carecord/core';
import type { RecipientKeyUse, SentChange, SentRequest, SentRequestStore, SentState } from '@carecord/exchange';
import type { Database } from '../database/connection.ts';
import { optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import { Prisma } from '../generated/client.ts';
import type { SentRequestModel } from '../generated/models/SentRequest.ts';

/** Sent requests in PostgreSQL. */
export class PostgresSentRequestStore implements SentRequestStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(transaction: Transaction, request: SentRequest): Promise<'inserted' | 'duplicate'> {
    const { resourceTypes, sealedReason, sealedGrant } = request;
    const { count } = await this.transactions.statementsOf(transaction).sentRequest.createMany({
      data: {
        ...request,
        sealedReason: owned(sealedReason),
        sealedGrant: sealedGrant && owned(sealedGrant),
        resourceTypes: resourceTypes === undefined ? Prisma.DbNull : [...resourceTypes],
      },
      skipDuplicates: true,
    });
    return count === 1 ? 'inserted' : 'duplicate';
  }

  async find(requestId: string): Promise<SentRequest | undefined> {
    const row = await this.database.sentRequest.findUnique({ where: { requestId } });
    return row === null ? undefined : toRequest(row);
  }

  async change(transaction: Transaction, requestId: string, from: SentState, change: SentChange): Promise<'changed' | 'wrong-state'> {
    const { count } = await this.transactions.statementsOf(transaction).sentRequest.updateMany({
      where: { requestId, state: from },
      data: { ...change, sealedGrant: change.sealedGrant && owned(change.sealedGrant) },
    });
    return count === 1 ? 'changed' : 'wrong-state';
  }

  async listByStaff(staffId: string, limit: number): Promise<SentRequest[]> {
    const rows = await this.database.sentRequest.findMany({ where: { staffId }, orderBy: { askedAt: 'desc' }, take: limit });
    return rows.map(toRequest);
  }

  async expire(transaction: Transaction, from: readonly SentState[], now: Date): Promise<string[]> {
    const rows = await this.transactions.statementsOf(transaction).sentRequest.updateManyAndReturn({
      where: { state: { in: [...from] }, deadline: { lte: now } },
      data: { state: 'expired', sealedGrant: null },
      select: { requestId: true },
    });
    return rows.map(({ requestId }) => requestId);
  }

  async recipientKeyUses(states: readonly SentState[], now: Date): Promise<RecipientKeyUse[]> {
    const rows = await this.database.sentRequest.groupBy({
      by: ['recipientKeyId', 'state'],
      where: { state: { in: [...states] }, deadline: { gt: now } },
    });
    return rows.map(({ recipientKeyId, state }) => ({ state: state as SentState, ...optional('recipientKeyId', recipientKeyId) }));
  }
}

function toRequest({ resourceTypes, outcomeCode, sealedGrant, settledAt, recipientKeyId, ...row }: SentRequestModel): SentRequest {
  return {
    ...row,
    state: row.state as SentState,
    purpose: row.purpose as PurposeOfUse,
    ...optional('resourceTypes', resourceTypes as string[] | null),
    ...optional('outcomeCode', outcomeCode),
    ...optional('sealedGrant', sealedGrant),
    ...optional('settledAt', settledAt),
    ...optional('recipientKeyId', recipientKeyId),
  };
}
