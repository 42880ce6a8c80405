import type { Transaction } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, PatientPage, StoredPatientKey, WrappedPatientKey } from '@carecord/records';
import type { Database } from '../database/connection.ts';
import { onlyUuids, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** No patient has it: UUIDs have a version. */
const LOWEST_UUID = '00000000-0000-0000-0000-000000000000';

interface PatientKeyRow extends WrappedPatientKey {
  readonly rootKeyId: string;
  readonly wrappedEpochKey: Uint8Array;
  readonly epochCreatedAt: Date;
}

/** Patient keys and erasure epochs in PostgreSQL, in the schema `keys`. */
export class PostgresPatientKeyStore implements PatientKeyStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async epochs(transaction?: Transaction): Promise<ErasureEpoch[]> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    return await statements.erasureEpoch.findMany({ orderBy: { number: 'asc' } });
  }

  async currentEpoch(transaction: Transaction): Promise<ErasureEpoch | undefined> {
    const statements = this.transactions.statementsOf(transaction);
    for (;;) {
      const [epoch] = await statements.$queryRaw<ErasureEpoch[]>`
        SELECT number, root_key_id AS "rootKeyId", wrapped_key AS "wrappedKey", created_at AS "createdAt" FROM keys.erasure_epoch
        ORDER BY number DESC LIMIT 1 FOR KEY SHARE`;
      // None can mean that the one that was current has been deleted while this waited for its lock: then there is a newer one.
      if (epoch !== undefined || (await statements.erasureEpoch.count()) === 0) return epoch;
    }
  }

  async lockEpochs(transaction: Transaction): Promise<void> {
    await this.transactions.statementsOf(transaction).$executeRaw`LOCK TABLE keys.erasure_epoch IN SHARE ROW EXCLUSIVE MODE`;
  }

  async createEpoch(transaction: Transaction, candidate: ErasureEpoch): Promise<ErasureEpoch> {
    const statements = this.transactions.statementsOf(transaction);
    const { number, rootKeyId, wrappedKey, createdAt } = candidate;
    // Waits for a rival that has inserted it and not committed yet, so that the next statement sees what stands.
    await statements.$executeRaw`
      INSERT INTO keys.erasure_epoch (number, root_key_id, wrapped_key, created_at) VALUES (${number}, ${rootKeyId}, ${wrappedKey}, ${createdAt})
      ON CONFLICT (number) DO NOTHING`;
    return await statements.erasureEpoch.findUniqueOrThrow({ where: { number } });
  }

  async updateEpoch(transaction: Transaction, { number, rootKeyId, wrappedKey }: ErasureEpoch): Promise<void> {
    await this.transactions.statementsOf(transaction).erasureEpoch.updateMany({ where: { number }, data: { rootKeyId, wrappedKey: owned(wrappedKey) } });
  }

  async deleteUnusedEpochs(transaction: Transaction, below: number): Promise<number> {
    const statements = this.transactions.statementsOf(transaction);
    // Waits for admissions that may still add a key under one of these; the next statement sees it.
    await statements.$queryRaw`SELECT number FROM keys.erasure_epoch WHERE number < ${below} ORDER BY number FOR UPDATE`;
    await statements.$executeRaw`
      DELETE FROM keys.erasure_epoch WHERE number < ${below}
        AND NOT EXISTS (SELECT FROM keys.patient_key WHERE epoch_number = erasure_epoch.number)`;
    return await statements.erasureEpoch.count({ where: { number: { lt: below } } });
  }

  async insertPatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO keys.patient_key (patient_id, number, epoch_number, wrapped_key, created_at)
      SELECT * FROM unnest(
        ${keys.map(({ patientId }) => patientId)}::uuid[], ${keys.map(({ number }) => number)}::int[],
        ${keys.map(({ epochNumber }) => epochNumber)}::int[], ${keys.map(({ wrappedKey }) => wrappedKey)}::bytea[],
        ${keys.map(({ createdAt }) => createdAt)}::timestamptz[])`;
  }

  async findPatientKeys(patientIds: readonly string[], transaction?: Transaction): Promise<StoredPatientKey[]> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    // One statement: between two, the epoch could be re-wrapped or deleted.
    const rows = await statements.$queryRaw<PatientKeyRow[]>`
      SELECT patient_id AS "patientId", patient_key.number, epoch_number AS "epochNumber", patient_key.wrapped_key AS "wrappedKey",
        patient_key.created_at AS "createdAt", root_key_id AS "rootKeyId", erasure_epoch.wrapped_key AS "wrappedEpochKey",
        erasure_epoch.created_at AS "epochCreatedAt"
      FROM keys.patient_key JOIN keys.erasure_epoch ON erasure_epoch.number = epoch_number
      WHERE patient_id = ANY(${onlyUuids(patientIds)}::uuid[]) ORDER BY patient_id`;
    return rows.map(keyOf);
  }

  async lockPatientKeys(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatientKey[]> {
    // First the lock: a statement that waits for one sees the locked row as it is afterwards, but the rows joined to it as they were before.
    await this.transactions.statementsOf(transaction).$queryRaw`
      SELECT patient_id FROM keys.patient_key WHERE patient_id = ANY(${onlyUuids(patientIds)}::uuid[]) ORDER BY patient_id FOR UPDATE`;
    return await this.findPatientKeys(patientIds, transaction);
  }

  async lockKeysOfOldEpochs(transaction: Transaction, below: number, { after, limit }: PatientPage): Promise<StoredPatientKey[]> {
    const locked = await this.transactions.statementsOf(transaction).$queryRaw<{ patientId: string }[]>`
      SELECT patient_id AS "patientId" FROM keys.patient_key
      WHERE epoch_number < ${below} AND patient_id > ${after ?? LOWEST_UUID}::uuid ORDER BY patient_id LIMIT ${limit} FOR UPDATE`;
    return await this.findPatientKeys(locked.map(({ patientId }) => patientId), transaction);
  }

  async replacePatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      UPDATE keys.patient_key SET number = new.number, epoch_number = new.epoch_number, wrapped_key = new.wrapped_key, created_at = new.created_at
      FROM unnest(
        ${keys.map(({ patientId }) => patientId)}::uuid[], ${keys.map(({ number }) => number)}::int[],
        ${keys.map(({ epochNumber }) => epochNumber)}::int[], ${keys.map(({ wrappedKey }) => wrappedKey)}::bytea[],
        ${keys.map(({ createdAt }) => createdAt)}::timestamptz[]) AS new (patient_id, number, epoch_number, wrapped_key, created_at)
      WHERE patient_key.patient_id = new.patient_id`;
  }

  async patientsWithKeys({ after, limit }: PatientPage): Promise<string[]> {
    const rows = await this.database.patientKey.findMany({
      where: { patientId: { gt: after ?? LOWEST_UUID } },
      orderBy: { patientId: 'asc' },
      take: limit,
      select: { patientId: true },
    });
    return rows.map(({ patientId }) => patientId);
  }

  async countPatientKeys(transaction: Transaction, where?: { readonly epochBelow: number }): Promise<number> {
    const condition = where === undefined ? {} : { epochNumber: { lt: where.epochBelow } };
    return await this.transactions.statementsOf(transaction).patientKey.count({ where: condition });
  }
}

function keyOf({ rootKeyId, wrappedEpochKey, epochCreatedAt, ...key }: PatientKeyRow): StoredPatientKey {
  return { ...key, epoch: { number: key.epochNumber, rootKeyId, wrappedKey: wrappedEpochKey, createdAt: epochCreatedAt } };
}
