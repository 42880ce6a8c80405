import { BaseDatastore } from 'datastore-core';
import { Key, type Batch, type KeyQuery, type Pair, type Query } from 'interface-datastore';
import { NotFoundError } from 'interface-store';
import type { Database } from '../database/connection.ts';
import { owned } from '../database/rows.ts';

/** Rows read at once when a query goes through many. */
const PAGE_SIZE = 500;

/** The key-value store that libp2p and the DHT keep their data in, over one table. */
export class PostgresDatastore extends BaseDatastore {
  constructor(private readonly database: Database) {
    super();
  }

  override async put(key: Key, value: Uint8Array): Promise<Key> {
    await this.putAll([{ key, value }]);
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
    await this.deleteAll([key]);
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
        await this.write(puts, deletions);
      },
    };
  }

  override async *_all(query: Query): AsyncGenerator<Pair> {
    for await (const rows of this.pages(query.prefix)) {
      for (const { key, value } of rows) yield { key: new Key(key, false), value };
    }
  }

  override async *_allKeys(query: KeyQuery): AsyncGenerator<Key> {
    for await (const rows of this.pages(query.prefix)) {
      for (const { key } of rows) yield new Key(key, false);
    }
  }

  private async *pages(prefix = ''): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }[]> {
    // Keys come in the order of their bytes, so a page goes on after the last key of the one before.
    for (let after: string | undefined; ; ) {
      const rows = await this.database.datastoreEntry.findMany({
        where: { key: { startsWith: prefix, ...(after === undefined ? {} : { gt: after }) } },
        orderBy: { key: 'asc' },
        take: PAGE_SIZE,
      });
      if (rows.length > 0) yield rows;
      if (rows.length < PAGE_SIZE) return;
      after = rows.at(-1)?.key;
    }
  }

  private async putAll(pairs: readonly Pair[]): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO datastore_entry (key, value)
      SELECT * FROM unnest(${pairs.map(({ key }) => key.toString())}::text[], ${pairs.map(({ value }) => owned(value))}::bytea[])
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
  }

  private async deleteAll(keys: readonly Key[]): Promise<void> {
    await this.database.datastoreEntry.deleteMany({ where: { key: { in: keys.map((key) => key.toString()) } } });
  }

  private async write(puts: readonly Pair[], deletions: readonly Key[]): Promise<void> {
    await this.database.$transaction(async (statements) => {
      await statements.datastoreEntry.deleteMany({ where: { key: { in: deletions.map((key) => key.toString()) } } });
      await statements.$executeRaw`
        INSERT INTO datastore_entry (key, value)
        SELECT * FROM unnest(${puts.map(({ key }) => key.toString())}::text[], ${puts.map(({ value }) => owned(value))}::bytea[])
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
    });
  }
}
