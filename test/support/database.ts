import { Client } from 'pg';

/** Runs one statement on a node's database, behind the node's back. */
export async function query<Row extends object>(databaseUrl: string, statement: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** One column of one table, as the raw bytes of all its values. */
export interface RawColumn {
  /** `schema.table.column` */
  readonly name: string;
  readonly rows: number;
  readonly bytes: Buffer;
}

/** Every column of every table of a database: `bytea` as it is, everything else as its text. */
export async function readRawColumns(databaseUrl: string): Promise<RawColumn[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ schema: string; table: string; column: string; type: string }>(
      `select table_schema as schema, table_name as table, column_name as column, data_type as type
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
    );
    const raw: RawColumn[] = [];
    for (const { schema, table, column, type } of columns) {
      const expression = type === 'bytea' ? `"${column}"` : `convert_to("${column}"::text, 'UTF8')`;
      const { rows } = await client.query<{ value: Buffer | null }>(`select ${expression} as value from "${schema}"."${table}"`);
      raw.push({ name: `${schema}.${table}.${column}`, rows: rows.length, bytes: Buffer.concat(rows.map(({ value }) => value ?? Buffer.alloc(0))) });
    }
    return raw;
  } finally {
    await client.end();
  }
}
