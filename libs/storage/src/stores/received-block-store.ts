import type { Transaction } from '@carecord/core';
import type { ReceivedBlock, ReceivedBlockStore } from '@carecord/exchange';
import type { Database } from '../database/connection.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Fetched ciphertexts in PostgreSQL. */
export class PostgresReceivedBlockStore implements ReceivedBlockStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async save(transaction: Transaction, blocks: readonly ReceivedBlock[], keepUntil: Date): Promise<void> {
    // PostgreSQL refuses to touch a row twice in one statement; equal content ids mean equal ciphertexts.
    const distinct = [...new Map(blocks.map((block) => [block.contentId, block])).values()];
    if (distinct.length === 0) return;
    distinct.sort((left, right) => (left.contentId < right.contentId ? -1 : 1));
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO received_block (content_id, ciphertext, keep_until)
      SELECT content_id, ciphertext, ${keepUntil}::timestamptz
      FROM unnest(${distinct.map(({ contentId }) => contentId)}::text[], ${distinct.map(({ ciphertext }) => ciphertext)}::bytea[]) AS block(content_id, ciphertext)
      ON CONFLICT (content_id) DO UPDATE SET keep_until = greatest(received_block.keep_until, excluded.keep_until), ciphertext = excluded.ciphertext`;
  }

  async keep(transaction: Transaction, contentIds: readonly string[], keepUntil: Date): Promise<number> {
    // In the order in which `save` locks, so that two releases with the same blocks do not wait for each other.
    return await this.transactions.statementsOf(transaction).$executeRaw`
      WITH kept AS (SELECT content_id FROM received_block WHERE content_id = ANY(${contentIds}::text[]) ORDER BY content_id COLLATE "C" FOR UPDATE)
      UPDATE received_block SET keep_until = greatest(received_block.keep_until, ${keepUntil}::timestamptz)
      FROM kept WHERE received_block.content_id = kept.content_id`;
  }

  async read(contentIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (contentIds.length === 0) return [];
    const rows = await this.database.$queryRaw<ReceivedBlock[]>`
      SELECT content_id AS "contentId", ciphertext FROM received_block WHERE content_id = ANY(${contentIds}::text[])`;
    const found = new Map(rows.map(({ contentId, ciphertext }) => [contentId, ciphertext]));
    return contentIds.map((contentId) => found.get(contentId));
  }

  async deleteExpired(transaction: Transaction, now: Date): Promise<number> {
    const { count } = await this.transactions.statementsOf(transaction).receivedBlock.deleteMany({ where: { keepUntil: { lte: now } } });
    return count;
  }
}
