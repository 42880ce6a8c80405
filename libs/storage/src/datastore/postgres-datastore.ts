import { BaseDatastore } from 'datastore-core';
import { Key, type Batch, type KeyQuery, type Pair, type Query } from 'interface-datastore';
import { NotFoundError } from 'interface-store';
import type { Database, Statements } from '../database/connection.ts';
import { owned } from '../database/rows.ts';

/** Rows read at once when a query goes through many. */
const PAGE_SIZE = 500;

/** The key-value store that libp2p and the DHT keep their data in, over one table. */
export class PostgresDatastore extends BaseDatastore {
  constructor(private readonly database: Database) {
    super();
  }

  override async put(key: Key, value: Uint8Array): Promise<Key> {
    await putAll(this.database, [{ key, value }]);
    return key;
  }

  override async get(key: Key): Promise<Uint8Array> {
    const entry = await this.database.datastoreEntry.findUnique({ where: { key: key.toString() } });
    if (entry === null) throw new NotFoundError('The datastore has no such key.');
    return entry.value;
  }

  override async has(key: Key): Promise<boolean> {
    return (await this.database.datastoreEntry.count({ where: { key: key.toString() } })) > 0;
  }

  override async delete(key: Key): Promise<void> {
    await deleteAll(this.database, [key]);
  }

  /** Everything that was put and deleted is written when it is committed: all or nothing, in the order of the calls. */
  override batch(): Batch {
    const changes = new Map<string, Uint8Array | undefined>();
    return {
      put: (key, value) => void changes.set(key.toString(), value),
      delete: (key) => void changes.set(key.toString(), undefined),
      commit: async () => {
        const puts = [...changes].flatMap(([key, value]) => (value === undefined ? [] : [{ key: new Key(key), value }]));
        const deletions = [...changes].flatMap(([key, value]) => (value === undefined ? [new Key(key)] : []));
        changes.clear();
        await this.database.$transaction(async (statements) => {
          await putAll(statements, puts);
          await deleteAll(statements, deletions);
        });
      },
    };
  }

  override async *_all({ prefix = '' }: Query): AsyncGenerator<Pair> {
    const rows = entriesFrom(prefix, (range) => this.database.datastoreEntry.findMany(range));
    for await (const { key, value } of rows) yield { key: new Key(key, false), value };
  }

  override async *_allKeys({ prefix = '' }: KeyQuery): AsyncGenerator<Key> {
    const rows = entriesFrom(prefix, (range) => this.database.datastoreEntry.findMany({ ...range, select: { key: true } }));
    for await (const { key } of rows) yield new Key(key, false);
  }
}

interface Range {
  readonly where: { readonly key: { readonly gte: string } | { readonly gt: string } };
  readonly orderBy: { readonly key: 'asc' };
  readonly take: number;
}

/** Entries with the prefix, page by page. Keys come in the order of their bytes: those with a prefix lie together. */
async function* entriesFrom<Row extends { readonly key: string }>(prefix: string, read: (range: Range) => Promise<Row[]>): AsyncGenerator<Row> {
  for (let key: Range['where']['key'] = { gte: prefix }; ; ) {
    const rows = await read({ where: { key }, orderBy: { key: 'asc' }, take: PAGE_SIZE });
    for (const row of rows) {
      if (!row.key.startsWith(prefix)) return;
      yield row;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) return;
    key = { gt: last.key };
  }
}

async function putAll(statements: Pick<Statements, '$executeRaw'>, pairs: readonly Pair[]): Promise<void> {
  await statements.$executeRaw`
    INSERT INTO datastore_entry (key, value)
    SELECT * FROM unnest(${pairs.map(({ key }) => key.toString())}::text[], ${pairs.map(({ value }) => owned(value))}::bytea[])
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}

async function deleteAll(statements: Pick<Statements, 'datastoreEntry'>, keys: readonly Key[]): Promise<void> {
  await statements.datastoreEntry.deleteMany({ where: { key: { in: keys.map((key) => key.toString()) } } });
}
