import type { Transaction } from '@carecord/core';
import { KEY_PURPOSES } from '@carecord/keys';
import type { KeyState, NodeKeyStore, StoredNodeKey } from '@carecord/keys';
import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';
import type { NodeKey as NodeKeyRow } from '../generated/client.ts';

const STATES = ['pending', 'active', 'retired', 'destroyed'] as const satisfies readonly KeyState[];
const purposeSchema = z.enum(KEY_PURPOSES);
const stateSchema = z.enum(STATES);

/** The node's keys in PostgreSQL, in the schema `keys`. */
export class PostgresNodeKeyStore implements NodeKeyStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async list(transaction?: Transaction): Promise<StoredNodeKey[]> {
    const statements = transaction === undefined ? this.database : this.transactions.statementsOf(transaction);
    // The table, not its rows: whoever is about to add a key waits too. Readers do not wait.
    if (transaction !== undefined) await statements.$executeRaw`LOCK TABLE keys.node_key IN SHARE ROW EXCLUSIVE MODE`;
    return (await statements.nodeKey.findMany()).map(keyOf).sort(byPurposeAndNumber);
  }

  async insert(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void> {
    await this.transactions.statementsOf(transaction).nodeKey.createMany({
      data: keys.map((key) => ({ id: key.id, purpose: key.purpose, number: key.number, createdAt: key.createdAt, ...changing(key) })),
    });
  }

  async update(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void> {
    const statements = this.transactions.statementsOf(transaction);
    for (const key of keys) await statements.nodeKey.update({ where: { id: key.id }, data: changing(key) });
  }
}

function changing({ state, wrapped, activatedAt, retiredAt, destroyedAt }: StoredNodeKey): Omit<NodeKeyRow, 'id' | 'purpose' | 'number' | 'createdAt'> {
  return {
    state,
    rootKeyId: wrapped?.rootKeyId ?? null,
    wrappedKey: wrapped === undefined ? null : owned(wrapped.ciphertext),
    activatedAt: activatedAt ?? null,
    retiredAt: retiredAt ?? null,
    destroyedAt: destroyedAt ?? null,
  };
}

function keyOf({ id, purpose, number, state, rootKeyId, wrappedKey, createdAt, activatedAt, retiredAt, destroyedAt }: NodeKeyRow): StoredNodeKey {
  return {
    id,
    purpose: purposeSchema.parse(purpose),
    number,
    state: stateSchema.parse(state),
    wrapped: rootKeyId === null || wrappedKey === null ? undefined : { rootKeyId, ciphertext: wrappedKey },
    createdAt,
    activatedAt: activatedAt ?? undefined,
    retiredAt: retiredAt ?? undefined,
    destroyedAt: destroyedAt ?? undefined,
  };
}

/** Compared here: the database's order of texts depends on its locale. */
function byPurposeAndNumber(left: StoredNodeKey, right: StoredNodeKey): number {
  if (left.purpose !== right.purpose) return left.purpose < right.purpose ? -1 : 1;
  return left.number - right.number;
}
