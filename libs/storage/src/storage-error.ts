import { CarecordError } from '@carecord/core';

/**
 * - `UNREACHABLE`: the database does not answer, or refuses the connection
 * - `CONFLICT`: a value that must be unique is there already, or two transactions got in each other's way
 * - `TRANSACTION_FOREIGN`: a store was given a transaction that another storage, or nobody, opened
 * - `CORRUPT`: a stored value does not have the shape that it was written with
 * - `CLOSED`: the storage has been closed
 * - `MIGRATION_CHANGED`: a migration was edited after it had been applied
 * - `MIGRATION_UNKNOWN`: the database has a migration that this version of the program does not know
 * - `MIGRATION_FAILED`: a migration failed, now or in an earlier start
 * - `MIGRATION_UNREADABLE`: the directory of migrations is missing, empty or incomplete
 * - `EMBEDDED_UNAVAILABLE`: this machine cannot run the embedded PostgreSQL
 * - `EMBEDDED_IN_USE`: another running process uses the embedded PostgreSQL of this directory
 * - `EMBEDDED_FAILED`: the embedded PostgreSQL did not start or did not stop
 * - `DATABASE_NAME`: a database name outside of the allowed alphabet
 */
export type StorageErrorCode =
  | 'UNREACHABLE'
  | 'CONFLICT'
  | 'TRANSACTION_FOREIGN'
  | 'CORRUPT'
  | 'CLOSED'
  | 'MIGRATION_CHANGED'
  | 'MIGRATION_UNKNOWN'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_UNREADABLE'
  | 'EMBEDDED_UNAVAILABLE'
  | 'EMBEDDED_IN_USE'
  | 'EMBEDDED_FAILED'
  | 'DATABASE_NAME';

/** Why the database, or the embedded PostgreSQL, did not do what was asked. */
export class StorageError extends CarecordError<StorageErrorCode> {}
