import { StorageError } from '../storage-error.ts';

const DATABASE_NAME = /^[a-z][a-z0-9_]{0,62}$/;
/** PostgreSQL's own, and the administrator of the embedded server: owners are named like their databases. */
const RESERVED = /^(postgres$|template|pg_|carecord_admin$)/;

/**
 * @returns the name
 * @throws StorageError `DATABASE_NAME` when it could not be, or must not be, the name of a node's database
 */
export function checkedDatabaseName(name: string): string {
  if (DATABASE_NAME.test(name) && !RESERVED.test(name)) return name;
  throw new StorageError('DATABASE_NAME', "A database name is lower-case letters, digits and underscores, at most 63, and not one of PostgreSQL's own.");
}
