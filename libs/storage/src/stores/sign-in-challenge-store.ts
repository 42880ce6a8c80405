import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { SignInChallengeStore, StoredSignInChallenge } from '../ports.ts';

/** Sign-ins under way in PostgreSQL. */
export class PostgresSignInChallengeStore implements SignInChallengeStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async insert(challenge: StoredSignInChallenge): Promise<void> {
    await this.database.signInChallenge.create({ data: { ...challenge, tokenHash: owned(challenge.tokenHash), sealed: owned(challenge.sealed) } });
  }

  async take(tokenHash: Uint8Array, kind: string, now: Date): Promise<StoredSignInChallenge | undefined> {
    // One statement that looks and takes: of two at once, the second finds nothing.
    const [row] = await this.database.$queryRaw<(Omit<StoredSignInChallenge, 'staffId'> & { readonly staffId: string | null })[]>`
      DELETE FROM sign_in_challenge WHERE token_hash = ${tokenHash} AND kind = ${kind} AND expires_at > ${now}
      RETURNING token_hash AS "tokenHash", kind, staff_id::text AS "staffId", sealed, created_at AS "createdAt", expires_at AS "expiresAt"`;
    if (row === undefined) return undefined;
    const { staffId, ...challenge } = row;
    return { ...challenge, ...optional('staffId', staffId) };
  }

  async removeOfStaff(transaction: Transaction, staffId: string): Promise<number> {
    if (!isUuid(staffId)) return 0;
    return (await this.transactions.statementsOf(transaction).signInChallenge.deleteMany({ where: { staffId } })).count;
  }

  async removeExpired(now: Date): Promise<number> {
    return (await this.database.signInChallenge.deleteMany({ where: { expiresAt: { lte: now } } })).count;
  }
}
