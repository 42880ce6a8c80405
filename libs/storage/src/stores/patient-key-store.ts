import type { Transaction } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, StoredPatientKey, WrappedPatientKey } from '@carecord/records';
import type { Database } from '../database/connection.ts';
import { onlyUuids } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Patient keys and erasure epochs in PostgreSQL, in the schema `keys`. */
export class PostgresPatientKeyStore implements PatientKeyStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async currentEpoch(transaction: Transaction): Promise<ErasureEpoch | undefined> {
    const epoch = await this.transactions.statementsOf(transaction).erasureEpoch.findFirst({ orderBy: { number: 'desc' } });
    return epoch ?? undefined;
  }

  async createEpoch(transaction: Transaction, candidate: ErasureEpoch): Promise<ErasureEpoch> {
    const statements = this.transactions.statementsOf(transaction);
    const { number, wrappedKey, createdAt } = candidate;
    // Waits for a rival that has inserted it and not committed yet, so that the next statement sees what stands.
    await statements.$executeRaw`
      INSERT INTO keys.erasure_epoch (number, wrapped_key, created_at) VALUES (${number}, ${wrappedKey}, ${createdAt})
      ON CONFLICT (number) DO NOTHING`;
    return await statements.erasureEpoch.findUniqueOrThrow({ where: { number } });
  }

  async insertPatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO keys.patient_key (patient_id, epoch_number, wrapped_key, created_at)
      SELECT * FROM unnest(
        ${keys.map(({ patientId }) => patientId)}::uuid[], ${keys.map(({ epochNumber }) => epochNumber)}::int[],
        ${keys.map(({ wrappedKey }) => wrappedKey)}::bytea[], ${keys.map(({ createdAt }) => createdAt)}::timestamptz[])`;
  }

  async findPatientKeys(patientIds: readonly string[], transaction?: Transaction): Promise<StoredPatientKey[]> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    return await statements.patientKey.findMany({ where: { patientId: { in: onlyUuids(patientIds) } }, include: { epoch: true } });
  }
}
