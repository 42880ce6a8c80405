import { Client, escapeIdentifier } from 'pg';
import { checkedDatabaseName } from './database/database-name.ts';
import { StorageError } from './storage-error.ts';

/** What a role needs in order to make databases on somebody's server. */
const HELP = 'check DATABASE_URL, and that its role may create databases (ALTER ROLE … CREATEDB).';

/**
 * Makes sure that a PostgreSQL server which is not ours has a database of this name.
 * @param serverUrl a URL of any database on the server, with a role that may create databases
 * @returns the URL of the named database, with the same role
 * @throws StorageError `UNREACHABLE` when the server does not let us, `DATABASE_NAME`
 */
export async function ensureExternalDatabase(serverUrl: string, name: string): Promise<string> {
  const identifier = escapeIdentifier(checkedDatabaseName(name));
  await onServer(serverUrl, `The database ${name} cannot be made: ${HELP}`, async (client) => {
    const existing = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (existing.rowCount === 0) await client.query(`CREATE DATABASE ${identifier}`);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

/**
 * Removes a database, with all that it holds, from a PostgreSQL server which is not ours; nothing happens when it is not there.
 * @throws StorageError `UNREACHABLE` when the server does not let us, or somebody is connected; `DATABASE_NAME`
 */
export async function dropExternalDatabase(serverUrl: string, name: string): Promise<void> {
  const identifier = escapeIdentifier(checkedDatabaseName(name));
  await onServer(serverUrl, `The database ${name} cannot be removed: check DATABASE_URL, and that nobody is connected.`, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${identifier}`);
  });
}

async function onServer(serverUrl: string, failure: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  // A connection that breaks also rejects the query that runs; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } catch (cause) {
    throw new StorageError('UNREACHABLE', failure, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}
