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

/** Opens nothing yet; close it with `$disconnect`. */
export function connectDatabase({ databaseUrl, logger, poolSize = DEFAULT_POOL_SIZE }: ConnectionOptions): Database {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize, connectionTimeoutMillis: CONNECT_MILLISECONDS });
  // A connection that breaks while nobody listens ends the process; the adapter listens at times, we for the whole of its life.
  pool.on('connect', (client) => client.on('error', () => logger.warn('database-connection-lost')));
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
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
  return withOurErrors as unknown as Database;
}
