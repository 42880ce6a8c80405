import type { Transaction } from '@carecord/core';
import type { CeremonyPhase, CountedUse, GuardianStore, KeyName, StoredAdmissions, StoredCeremony, StoredKey, StoredShare } from '@carecord/locator';
import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Guardians' keys, shares and counts in PostgreSQL. */
export class PostgresGuardianStore implements GuardianStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  keys(): Promise<StoredKey[]> {
    return this.database.guardianKey.findMany({ orderBy: { epoch: 'desc' } });
  }

  async saveKey(transaction: Transaction, { epoch, version, statement }: StoredKey): Promise<boolean> {
    const saved = await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO guardian_key (epoch, version, statement) VALUES (${epoch}, ${version}, ${statement})
      ON CONFLICT (epoch) DO UPDATE SET version = excluded.version, statement = excluded.statement
      WHERE guardian_key.version < excluded.version`;
    return saved > 0;
  }

  async updateKey(transaction: Transaction, { epoch, version, statement }: StoredKey): Promise<void> {
    await this.transactions.statementsOf(transaction).guardianKey.updateMany({ where: { epoch, version }, data: { statement: owned(statement) } });
  }

  async removeEpoch(transaction: Transaction, epoch: number): Promise<void> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.guardianKey.deleteMany({ where: { epoch } });
    await statements.guardianShare.deleteMany({ where: { epoch } });
  }

  async share({ epoch, version }: KeyName): Promise<StoredShare | undefined> {
    return (await this.database.guardianShare.findUnique({ where: { epoch_version: { epoch, version } } })) ?? undefined;
  }

  shares(): Promise<KeyName[]> {
    return this.database.guardianShare.findMany({ select: { epoch: true, version: true }, orderBy: [{ epoch: 'asc' }, { version: 'asc' }] });
  }

  async saveShare(transaction: Transaction, { epoch, version, sealed }: StoredShare): Promise<void> {
    await this.transactions.statementsOf(transaction).guardianShare.create({ data: { epoch, version, sealed: owned(sealed) } });
  }

  async removeShare(transaction: Transaction, { epoch, version }: KeyName): Promise<void> {
    await this.transactions.statementsOf(transaction).guardianShare.deleteMany({ where: { epoch, version } });
  }

  async ceremony({ epoch, version }: KeyName): Promise<StoredCeremony | undefined> {
    const row = await this.database.guardianCeremony.findUnique({ where: { epoch_version: { epoch, version } } });
    return row === null ? undefined : { ...row, phase: row.phase as CeremonyPhase };
  }

  async ceremonies(): Promise<StoredCeremony[]> {
    const rows = await this.database.guardianCeremony.findMany({ orderBy: [{ epoch: 'asc' }, { version: 'asc' }] });
    return rows.map((row) => ({ ...row, phase: row.phase as CeremonyPhase }));
  }

  async beginCeremony(transaction: Transaction, { epoch, version, attempt, phase, sealed }: StoredCeremony): Promise<boolean> {
    const begun = await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO guardian_ceremony (epoch, version, attempt, phase, sealed) VALUES (${epoch}, ${version}, ${attempt}, ${phase}, ${sealed})
      ON CONFLICT DO NOTHING`;
    return begun > 0;
  }

  async replaceCeremony(transaction: Transaction, ceremony: StoredCeremony, expected: Pick<StoredCeremony, 'attempt' | 'phase'>): Promise<boolean> {
    const { epoch, version, attempt, phase, sealed } = ceremony;
    const { count } = await this.transactions
      .statementsOf(transaction)
      .guardianCeremony.updateMany({ where: { epoch, version, attempt: expected.attempt, phase: expected.phase }, data: { attempt, phase, sealed: owned(sealed) } });
    return count > 0;
  }

  async removeCeremony(transaction: Transaction, { epoch, version }: KeyName): Promise<void> {
    await this.transactions.statementsOf(transaction).guardianCeremony.deleteMany({ where: { epoch, version } });
  }

  async count(transaction: Transaction, uses: readonly CountedUse[]): Promise<CountedUse | undefined> {
    const statements = this.transactions.statementsOf(transaction);
    // Always in the same order, so that two transactions never wait for each other.
    const ordered = uses.toSorted((one, other) => (`${one.period} ${one.subject}` < `${other.period} ${other.subject}` ? -1 : 1));
    const amounts = new Map<CountedUse, bigint>();
    for (const use of ordered) {
      const [row] = await statements.$queryRaw<{ amount: bigint }[]>`
        INSERT INTO guardian_count (period, subject, amount) VALUES (${use.period}, ${use.subject}, 0)
        ON CONFLICT (period, subject) DO UPDATE SET amount = guardian_count.amount RETURNING amount`;
      amounts.set(use, row?.amount ?? 0n);
    }
    const exceeded = uses.find((use) => (amounts.get(use) ?? 0n) + BigInt(use.amount) > BigInt(use.limit));
    if (exceeded !== undefined) return exceeded;
    for (const { period, subject, amount } of ordered) {
      await statements.$executeRaw`UPDATE guardian_count SET amount = amount + ${amount}::bigint WHERE period = ${period} AND subject = ${subject}`;
    }
    return undefined;
  }

  async removeCountsBefore(transaction: Transaction, day: string): Promise<number> {
    return await this.transactions.statementsOf(transaction).$executeRaw`DELETE FROM guardian_count WHERE period ~ '^[0-9]' AND period COLLATE "C" < ${day}`;
  }

  async admissions(transaction: Transaction, hospital: string): Promise<StoredAdmissions | undefined> {
    const statements = this.transactions.statementsOf(transaction);
    await statements.$queryRaw`SELECT 1 FROM guardian_admissions WHERE hospital = ${hospital} FOR UPDATE`;
    const row = await statements.guardianAdmissions.findUnique({ where: { hospital } });
    if (row === null) return undefined;
    return { ...row, admitted: Number(row.admitted), auditSequence: Number(row.auditSequence), credited: Number(row.credited) };
  }

  async saveAdmissions(transaction: Transaction, { hospital, ...admissions }: StoredAdmissions): Promise<void> {
    await this.transactions.statementsOf(transaction).guardianAdmissions.upsert({ where: { hospital }, create: { hospital, ...admissions }, update: admissions });
  }
}
