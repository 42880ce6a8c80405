import { createHmac } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { checkedDatabaseName } from '../database/database-name.ts';
import { ADMIN_ROLE } from './cluster.ts';

/** Makes databases on the embedded server, each with an owner of its own who can enter no other. */
export class Databases {
  constructor(
    private readonly port: number,
    private readonly adminPassword: string,
  ) {}

  /** Where the server's administrator connects. */
  get adminUrl(): string {
    return this.url(ADMIN_ROLE, this.adminPassword, 'postgres');
  }

  /** Where the owner of the database connects. Their password follows from the administrator's, not the other way round. */
  databaseUrl(name: string): string {
    return this.url(name, this.ownerPassword(checkedDatabaseName(name)), name);
  }

  /** Makes the database and its owner unless they are there. */
  async ensureDatabase(name: string): Promise<void> {
    const identifier = escapeIdentifier(checkedDatabaseName(name));
    const admin = new Client({ connectionString: this.adminUrl });
    // A connection that breaks also rejects the query that runs; without a listener it would end the process.
    admin.on('error', () => undefined);
    await admin.connect();
    try {
      const role = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
      if (role.rowCount === 0) await admin.query(`CREATE ROLE ${identifier} LOGIN PASSWORD ${escapeLiteral(this.ownerPassword(name))}`);
      const database = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (database.rowCount === 0) await admin.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`);
      await admin.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${identifier} FROM PUBLIC`);
    } finally {
      await admin.end();
    }
  }

  private ownerPassword(name: string): string {
    return createHmac('sha256', this.adminPassword).update(`carecord/database-owner/${name}`).digest('base64url');
  }

  private url(role: string, password: string, database: string): string {
    return `postgresql://${role}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }
}
