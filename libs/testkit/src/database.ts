import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';

/** A database of a test's own, with the migrations applied. */
export interface TestDatabase {
  /** Its user may do everything. */
  readonly url: string;
  /** Empties every table, as the migrations left them. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * Makes a database on the PostgreSQL of this jest run, which the first call starts.
 * @param options `migrated: false`: without any table. @default true
 */
export async function createTestDatabase({ migrated = true }: { readonly migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = await askForServer();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${migrated ? 'carecord_template' : 'template0'}`);
  const address = new URL(server);
  address.pathname = `/${name}`;
  const url = address.href;
  return {
    url,
    empty: () => execute(url, EMPTY_TABLES),
    drop: () => execute(server, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** Triggers that protect the audit log are passed over, as only an administrator can. */
const EMPTY_TABLES = `
  SET session_replication_role = replica;
  DO $$ BEGIN
    EXECUTE (
      SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
      WHERE schemaname IN ('public', 'keys') AND tablename NOT IN ('_prisma_migrations', 'audit_head'));
    UPDATE audit_head SET sequence = 0, hash = '';
  END $$`;

function askForServer(): Promise<string> {
  const path = process.env['CARECORD_TEST_DATABASE_SOCKET'];
  if (path === undefined) throw new Error('There is no database server for tests: start them with "npm run jest".');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path);
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('error', reject);
    socket.once('close', () => (answer === '' ? reject(new Error('The database server of the tests did not start.')) : resolve(answer)));
  });
}

async function execute(url: string, statement: string): Promise<void> {
  // Only tests with a database load the driver.
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
