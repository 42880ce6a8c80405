import type { PurposeOfUse } from '@carecord/fhir';
import type { Transaction } from '@carecord/core';
import type { ReceivedChange, ReceivedRequest, ReceivedRequestStore, ReceivedState } from '@carecord/exchange';
import type { Database } from '../database/connection.ts';
import { optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import { Prisma } from '../generated/client.ts';
import type { ReceivedRequestModel } from '../generated/models/ReceivedRequest.ts';

/** Received requests in PostgreSQL. */
export class PostgresReceivedRequestStore implements ReceivedRequestStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(transaction: Transaction, request: ReceivedRequest): Promise<'inserted' | 'duplicate'> {
    const { resourceTypes, sealedReason } = request;
    const { count } = await this.transactions.statementsOf(transaction).receivedRequest.createMany({
      data: { ...request, sealedReason: owned(sealedReason), resourceTypes: resourceTypes === undefined ? Prisma.DbNull : [...resourceTypes] },
      skipDuplicates: true,
    });
    return count === 1 ? 'inserted' : 'duplicate';
  }

  async find(requestId: string): Promise<ReceivedRequest | undefined> {
    const row = await this.database.receivedRequest.findUnique({ where: { requestId } });
    return row === null ? undefined : toRequest(row);
  }

  async change(transaction: Transaction, requestId: string, from: ReceivedState, change: ReceivedChange): Promise<'changed' | 'wrong-state'> {
    const { count } = await this.transactions.statementsOf(transaction).receivedRequest.updateMany({
      where: { requestId, state: from },
      data: change,
    });
    return count === 1 ? 'changed' : 'wrong-state';
  }

  async list({ states, receivedAfter, limit }: { readonly states: readonly ReceivedState[]; readonly receivedAfter: Date; readonly limit: number }): Promise<ReceivedRequest[]> {
    const rows = await this.database.receivedRequest.findMany({
      where: { state: { in: [...states] }, receivedAt: { gt: receivedAfter } },
      orderBy: { receivedAt: 'desc' },
      take: limit,
    });
    return rows.map(toRequest);
  }

  count({ requester, state, receivedAfter }: { readonly requester: string; readonly state: ReceivedState; readonly receivedAfter: Date }): Promise<number> {
    return this.database.receivedRequest.count({ where: { requester, state, receivedAt: { gt: receivedAfter } } });
  }

  async delete(transaction: Transaction, { states, receivedUntil }: { readonly states: readonly ReceivedState[]; readonly receivedUntil: Date }): Promise<number> {
    const { count } = await this.transactions.statementsOf(transaction).receivedRequest.deleteMany({
      where: { state: { in: [...states] }, receivedAt: { lte: receivedUntil } },
    });
    return count;
  }
}

function toRequest({ patientId, resourceTypes, decidedAt, decidedBy, reasonCode, ...row }: ReceivedRequestModel): ReceivedRequest {
  return {
    ...row,
    state: row.state as ReceivedState,
    purpose: row.purpose as PurposeOfUse,
    ...optional('patientId', patientId),
    ...optional('resourceTypes', resourceTypes as string[] | null),
    ...optional('decidedAt', decidedAt),
    ...optional('decidedBy', decidedBy),
    ...optional('reasonCode', reasonCode),
  };
}
