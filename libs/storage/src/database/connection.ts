import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from '@carecord/core';
import { Pool } from 'pg';
import { PrismaClient } from '../generated/client.ts';
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
export type Database = ReturnType<typeof connectDatabase>;

/** What runs statements: the database itself (each statement on its own) or an open transaction. */
export type Statements = Parameters<Parameters<Database['$transaction']>[0]>[0];

/** Opens nothing yet; close it with `$disconnect`. */
export function connectDatabase({ databaseUrl, logger, poolSize = DEFAULT_POOL_SIZE }: ConnectionOptions) {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize, connectionTimeoutMillis: CONNECT_MILLISECONDS });
  // A connection that breaks while nobody listens ends the process; the adapter listens at times, we for the whole of its life.
  pool.on('connect', (client) => client.on('error', () => logger.warn('database-connection-lost')));
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  // Prisma's longer error texts quote the arguments of a call.
  return new PrismaClient({ adapter, errorFormat: 'minimal' }).$extends({
    name: 'our-errors',
    query: {
      $allOperations: async ({ args, query }) => {
        try {
          return await query(args);
        } catch (error) {
          throw toStorageError(error);
        }
      },
    },
  });
}
