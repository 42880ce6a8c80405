/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Longer names and addresses are not what they seem. */
const MAX_URL_CHARACTERS = 8_192;

/** XML Schema 1.1, dateTimeStamp: the time zone is not optional. */
const DATE_TIME_STAMP = /^(-?\d{4,6}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(Z|[+-]\d{2}:\d{2})$/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isNonEmptyObject(value: unknown): value is JsonObject {
  return isObject(value) && Object.keys(value).length > 0;
}

/** An absolute URL, as a text without spaces. */
export function isUrl(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_URL_CHARACTERS && /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/.test(value) && URL.canParse(value);
}

/** A term of JSON-LD, which a context would map to a URL. */
function isTerm(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.-]*$/.test(value);
}

/** One or more terms or absolute URLs. */
export function isTypes(value: unknown): boolean {
  const types = listOf(value);
  return types.length > 0 && types.every((type) => isTerm(type) || isUrl(type));
}

/** JSON-LD writes a set of one as its element. */
export function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

/** Milliseconds since 1970 of an XML Schema dateTimeStamp, or undefined. */
export function parseDateTimeStamp(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? DATE_TIME_STAMP.exec(value) : null;
  if (parts === null) return undefined;
  const [, date = '', time = '', zone = ''] = parts;
  const parsed = Date.parse(`${date}T${time.slice(0, 12)}${zone}`);
  // Date takes the 30th of February for the 1st of March.
  const sameDay = Number.isFinite(parsed) && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
  return sameDay ? parsed : undefined;
}
