import { Prisma } from '../generated/client.ts';
import { StorageError } from '../storage-error.ts';

/** PostgreSQL's codes (appendix A) for values that must be unique, dead locks and serialisation. */
const CONFLICT_STATES = new Set(['23505', '40P01', '40001', '55P03']);
/** Prisma's codes for the same. */
const CONFLICT_CODES = new Set(['P2002', 'P2034']);
/** PostgreSQL's: connection lost (class 08), too many connections, shutting down, starting up, no such database, wrong password. */
const UNREACHABLE_STATES = /^(08...|53300|57P0[1-4]|3D000|28P01|28000)$/;
/** Prisma's: no server, no database, refused, timed out, closed, no free connection. */
const UNREACHABLE_CODES = new Set(['P1000', 'P1001', 'P1002', 'P1003', 'P1008', 'P1010', 'P1017', 'P2024', 'P2037']);
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const POOL_CLOSED = /Cannot use a pool after calling end on the pool/;
/** The driver's errors without a code. */
const CONNECTION_LOST = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Server has closed the connection)/;

/**
 * The error of ours for an error of the database. Its sentence is our own: PostgreSQL's would quote values. What has no
 * code of ours is a mistake in our own statements and comes back as it is.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  if (error instanceof Error && POOL_CLOSED.test(error.message)) {
    return new StorageError('CLOSED', 'The storage has been closed.', { cause: error });
  }
  if (isConflict(error)) {
    return new StorageError('CONFLICT', 'The same thing was stored or changed by somebody else meanwhile.', { cause: error });
  }
  if (isUnreachable(error)) {
    return new StorageError('UNREACHABLE', 'The database cannot be reached: check that it runs and that DATABASE_URL names it.', { cause: error });
  }
  return error;
}

function isConflict(error: unknown): boolean {
  return codesOf(error).some((code) => CONFLICT_STATES.has(code) || CONFLICT_CODES.has(code));
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof Error && CONNECTION_LOST.test(error.message)) return true;
  return codesOf(error).some((code) => UNREACHABLE_STATES.test(code) || UNREACHABLE_CODES.has(code) || SOCKET_CODES.has(code));
}

/** The code of the error itself, and, for a raw statement, PostgreSQL's behind it. */
function codesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { code, meta, errors } = error as { code?: unknown; meta?: { code?: unknown; driverAdapterError?: unknown }; errors?: unknown };
  const driver = meta?.driverAdapterError as { cause?: { originalCode?: unknown } } | undefined;
  const several = Array.isArray(errors) ? errors.flatMap((one) => codesOf(one)) : [];
  return [...[code, meta?.code, driver?.cause?.originalCode].filter((one) => typeof one === 'string'), ...several];
}
