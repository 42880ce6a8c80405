const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The ids that can be in a UUID column: what is not a UUID is unknown, not an error. */
export function onlyUuids(ids: readonly string[]): string[] {
  return ids.filter((id) => UUID.test(id));
}

/** Whether the id can be in a UUID column. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}

/** One property of every row, as the array that PostgreSQL's `unnest` turns into a column; what is absent becomes null. */
export function column<Row, Value>(rows: readonly Row[], value: (row: Row) => Value | undefined): (Value | null)[] {
  return rows.map((row) => value(row) ?? null);
}

/** `{ [name]: value }`, or nothing where the database has null: optional fields are left out, not undefined. */
export function optional<Name extends string, Value>(name: Name, value: Value | null): { [Key in Name]?: Value } {
  return value === null ? {} : ({ [name]: value } as { [Key in Name]?: Value });
}

/** By unsigned bytes, as PostgreSQL orders `bytea`. */
export function byBytes<Row>(bytes: (row: Row) => Uint8Array): (left: Row, right: Row) => number {
  return (left, right) => Buffer.compare(bytes(left), bytes(right));
}

/** Bytes as Prisma's model calls want them: over memory that nobody shares. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}
