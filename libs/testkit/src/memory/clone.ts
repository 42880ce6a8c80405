/**
 * A deep copy of a row: plain objects, arrays, dates and byte strings. An in-memory store keeps and gives copies, so
 * that nobody shares memory with it. (`structuredClone` would do, but under jest it makes objects of another realm.)
 */
export function clone<Value>(value: Value): Value {
  return copyOf(value) as Value;
}

function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]));
}
