import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';
import type { SignInFailureStore } from '../ports.ts';

/** Failed attempts in PostgreSQL: every replica counts in the same place, and a restart forgives nothing. */
export class PostgresSignInFailureStore implements SignInFailureStore {
  constructor(private readonly database: Database) {}

  async attempt(subjectToken: Uint8Array, { limit, now, forgetBefore }: { readonly limit: number; readonly now: Date; readonly forgetBefore: Date }): Promise<'open' | 'locked'> {
    // One beyond the limit stands for "locked": it neither grows nor moves the time, so that trying on does not prolong the lock.
    const [row] = await this.database.$queryRaw<{ count: number }[]>`
      INSERT INTO sign_in_failure AS failure (subject_token, count, last_at) VALUES (${subjectToken}, 1, ${now})
      ON CONFLICT (subject_token) DO UPDATE SET
        count = CASE WHEN failure.last_at <= ${forgetBefore} THEN 1 ELSE LEAST(failure.count, ${limit}) + 1 END,
        announced = failure.announced AND failure.last_at > ${forgetBefore},
        last_at = CASE WHEN failure.last_at <= ${forgetBefore} OR failure.count < ${limit} THEN excluded.last_at ELSE failure.last_at END
      RETURNING count`;
    return row !== undefined && row.count <= limit ? 'open' : 'locked';
  }

  async announce(subjectToken: Uint8Array): Promise<boolean> {
    const { count } = await this.database.signInFailure.updateMany({ where: { subjectToken: owned(subjectToken), announced: false }, data: { announced: true } });
    return count === 1;
  }

  async clear(subjectToken: Uint8Array): Promise<void> {
    await this.database.signInFailure.deleteMany({ where: { subjectToken: owned(subjectToken) } });
  }

  async removeOlder(before: Date): Promise<number> {
    return (await this.database.signInFailure.deleteMany({ where: { lastAt: { lt: before } } })).count;
  }
}
