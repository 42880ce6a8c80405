import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from '@carecord/core';
import { Pool } from 'pg';
import { type Prisma, PrismaClient } from '../generated/client.ts';
import { toStorageError } from './database-error.ts';

/** Enough for the requests that a node serves at once; PostgreSQL's usual limit is 100 for all replicas together. */
const DEFAULT_POOL_SIZE = 10;
/** A server that does not even greet within this is down. */
const CONNECT_MILLISECONDS = 10_000;

export interface ConnectionOptions {
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** Connections at the most. @default 10 */
  readonly poolSize?: number;
}

/** Prisma's client over a pool of connections; its errors come out as ours. Connects when it is first used. */
export type Database = PrismaClient;

/** What runs statements: the database itself (each statement on its own) or an open transaction. */
export type Statements = Prisma.TransactionClient;

/** A database and the end of its connections. */
export interface Connection {
  readonly database: Database;
  /** Closes the connections when what runs has ended; nothing works afterwards. */
  readonly close: () => Promise<void>;
}

/** Opens nothing yet. */
export function connectDatabase({ databaseUrl, logger, poolSize = DEFAULT_POOL_SIZE }: ConnectionOptions): Connection {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize, connectionTimeoutMillis: CONNECT_MILLISECONDS });
  // A connection that breaks while nobody listens ends the process. The adapter listens at times; we always, also while the
  // pool closes: a server that stops together with us breaks connections that we are about to end.
  pool.on('error', () => logger.warn('database-connection-lost'));
  pool.on('connect', (client) => client.on('error', () => undefined));
  // The adapter would open a new pool in the place of one that it has closed.
  const adapter = new PrismaPg(pool, { disposeExternalPool: false });
  // Prisma's longer error texts quote the arguments of a call.
  const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const withOurErrors = client.$extends({
    name: 'our-errors',
    query: {
      $allOperations: async ({ args, query }): Promise<unknown> => {
        try {
          return await query(args);
        } catch (error) {
          throw toStorageError(error);
        }
      },
    },
  });
  // The extension adds no method and changes no result, which its type does not say.
  const database = withOurErrors as unknown as Database;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await database.$disconnect();
    await pool.end();
  };
  return { database, close: () => (closed ??= close()) };
}
