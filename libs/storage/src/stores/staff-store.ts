import type { Clock, Transaction } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import { isUuid, optional, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { StaffAccountModel } from '../generated/models/StaffAccount.ts';
import type { StaffAccount, StaffChange, StaffStore } from '../ports.ts';

/** Staff accounts in PostgreSQL. */
export class PostgresStaffStore implements StaffStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
    private readonly clock: Clock,
  ) {}

  async findByUsername(username: string): Promise<StaffAccount | undefined> {
    return toAccount(await this.database.staffAccount.findUnique({ where: { username } }));
  }

  async findById(staffId: string): Promise<StaffAccount | undefined> {
    return isUuid(staffId) ? toAccount(await this.database.staffAccount.findUnique({ where: { id: staffId } })) : undefined;
  }

  async findByProviderToken(providerToken: Uint8Array): Promise<StaffAccount | undefined> {
    return toAccount(await this.database.staffAccount.findUnique({ where: { providerToken: owned(providerToken) } }));
  }

  async list({ after, limit }: { readonly after?: string; readonly limit: number }): Promise<StaffAccount[]> {
    const rows = await this.database.staffAccount.findMany({
      ...(after === undefined ? {} : { where: { username: { gt: after } } }),
      orderBy: { username: 'asc' },
      take: limit,
    });
    return rows.map(accountOf);
  }

  async lock(transaction: Transaction, staffId: string): Promise<StaffAccount | undefined> {
    if (!isUuid(staffId)) return undefined;
    const statements = this.transactions.statementsOf(transaction);
    await statements.$queryRaw`SELECT id FROM staff_account WHERE id = ${staffId}::uuid FOR UPDATE`;
    return toAccount(await statements.staffAccount.findUnique({ where: { id: staffId } }));
  }

  async lockRole(transaction: Transaction, role: string): Promise<StaffAccount[]> {
    const statements = this.transactions.statementsOf(transaction);
    // In one order for everybody, so that two that lock the same accounts cannot wait for each other.
    await statements.$queryRaw`SELECT id FROM staff_account WHERE role = ${role} ORDER BY id FOR UPDATE`;
    return (await statements.staffAccount.findMany({ where: { role }, orderBy: { id: 'asc' } })).map(accountOf);
  }

  async insert(transaction: Transaction, account: StaffAccount): Promise<'inserted' | 'taken'> {
    const { sealedTotp, providerToken, ...others } = account;
    const { count } = await this.transactions.statementsOf(transaction).staffAccount.createMany({
      data: { ...others, createdAt: this.clock.now(), ...ownedOptional('sealedTotp', sealedTotp), ...ownedOptional('providerToken', providerToken) },
      skipDuplicates: true,
    });
    return count === 1 ? 'inserted' : 'taken';
  }

  async change(transaction: Transaction, staffId: string, change: StaffChange): Promise<StaffAccount | undefined> {
    if (!isUuid(staffId)) return undefined;
    const { sealedTotp, providerToken, ...others } = change;
    const [row] = await this.transactions.statementsOf(transaction).staffAccount.updateManyAndReturn({
      where: { id: staffId },
      data: {
        ...others,
        ...ownedOptional('sealedTotp', sealedTotp),
        ...ownedOptional('providerToken', providerToken),
        ...(sealedTotp === undefined ? {} : { totpLastStep: null }),
      },
    });
    return toAccount(row ?? null);
  }

  async save({ id, username, passwordHash, passwordExpired, role, disabled }: StaffAccount): Promise<StaffAccount> {
    const values = { passwordHash: passwordHash ?? null, passwordExpired, role, disabled };
    const row = await this.database.staffAccount.upsert({
      where: { username },
      create: { id, username, ...values, createdAt: this.clock.now() },
      update: values,
    });
    return accountOf(row);
  }

  async takeTotpStep(staffId: string, step: number): Promise<boolean> {
    if (!isUuid(staffId)) return false;
    // One statement that looks and takes: of two that show the same code, the second waits and finds it taken.
    const { count } = await this.database.staffAccount.updateMany({
      where: { id: staffId, OR: [{ totpLastStep: null }, { totpLastStep: { lt: step } }] },
      data: { totpLastStep: step },
    });
    return count === 1;
  }
}

function toAccount(row: StaffAccountModel | null): StaffAccount | undefined {
  return row === null ? undefined : accountOf(row);
}

function accountOf({ id, username, passwordHash, passwordExpired, role, disabled, sealedTotp, totpConfirmedAt, providerToken }: StaffAccountModel): StaffAccount {
  return {
    id,
    username,
    ...optional('passwordHash', passwordHash),
    passwordExpired,
    role,
    disabled,
    ...optional('sealedTotp', sealedTotp),
    ...optional('totpConfirmedAt', totpConfirmedAt),
    ...optional('providerToken', providerToken),
  };
}

/** Bytes that may be absent (left as they are) or null (taken away), as Prisma wants them. */
function ownedOptional<Name extends string>(name: Name, bytes: Uint8Array | null | undefined): { [Key in Name]?: Uint8Array<ArrayBuffer> | null } {
  if (bytes === undefined) return {};
  return { [name]: bytes === null ? null : owned(bytes) } as { [Key in Name]: Uint8Array<ArrayBuffer> | null };
}
