import type { Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { StaffPasskeyModel } from '../generated/models/StaffPasskey.ts';
import type { PasskeyStore, StoredPasskey } from '../ports.ts';

/** Passkeys in PostgreSQL. */
export class PostgresPasskeyStore implements PasskeyStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async find(credentialId: Uint8Array): Promise<StoredPasskey | undefined> {
    const row = await this.database.staffPasskey.findUnique({ where: { credentialId: owned(credentialId) } });
    return row === null ? undefined : passkeyOf(row);
  }

  async listOfStaff(staffId: string): Promise<StoredPasskey[]> {
    if (!isUuid(staffId)) return [];
    const rows = await this.database.staffPasskey.findMany({ where: { staffId }, orderBy: [{ createdAt: 'asc' }, { credentialId: 'asc' }] });
    return rows.map(passkeyOf);
  }

  async insert(transaction: Transaction, passkey: StoredPasskey): Promise<'inserted' | 'taken'> {
    const { credentialId, publicKey, transports } = passkey;
    const { count } = await this.transactions.statementsOf(transaction).staffPasskey.createMany({
      data: { ...passkey, credentialId: owned(credentialId), publicKey: owned(publicKey), transports: [...transports] },
      skipDuplicates: true,
    });
    return count === 1 ? 'inserted' : 'taken';
  }

  async noteUse(credentialId: Uint8Array, { from, to, at }: { readonly from: number; readonly to: number; readonly at: Date }): Promise<boolean> {
    const { count } = await this.database.staffPasskey.updateMany({
      where: { credentialId: owned(credentialId), signCount: from },
      data: { signCount: to, lastUsedAt: at },
    });
    return count === 1;
  }

  async remove(transaction: Transaction, staffId: string, credentialId: Uint8Array): Promise<boolean> {
    if (!isUuid(staffId)) return false;
    const { count } = await this.transactions.statementsOf(transaction).staffPasskey.deleteMany({ where: { staffId, credentialId: owned(credentialId) } });
    return count === 1;
  }

  async removeOfStaff(transaction: Transaction, staffId: string): Promise<number> {
    if (!isUuid(staffId)) return 0;
    return (await this.transactions.statementsOf(transaction).staffPasskey.deleteMany({ where: { staffId } })).count;
  }
}

function passkeyOf({ signCount, lastUsedAt, ...passkey }: StaffPasskeyModel): StoredPasskey {
  // WebAuthn counts in 32 bits.
  return { ...passkey, signCount: Number(signCount), ...optional('lastUsedAt', lastUsedAt) };
}
