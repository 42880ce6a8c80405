/** Instants in milliseconds since 1970: `from` belongs to the period, `until` no longer does. */
export interface HalfOpenPeriod {
  readonly from: number | undefined;
  readonly until: number | undefined;
}

// FHIR R4 dateTime; more than three digits of a second are not understood, so that nothing is rounded in anyone's favour.
const DATE_TIME = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

const YEAR_10000 = Date.UTC(10_000, 0, 1);

/**
 * Reads a FHIR R4 Period. Both ends are inclusive (R4, 2.24.0.10): a date as end means until the end of that day, a month until
 * the end of that month. Dates without a time zone are read in UTC.
 * @returns undefined when it is not understood: another element, a malformed or impossible date, or the end before the start
 */
export function readPeriod(period: unknown): HalfOpenPeriod | undefined {
  if (typeof period !== 'object' || period === null || Array.isArray(period)) return undefined;
  const { start, end, ...others } = period as Record<string, unknown>;
  if (Object.keys(others).length > 0 || (start === undefined && end === undefined)) return undefined;
  const first = start === undefined ? undefined : readDateTime(start);
  const last = end === undefined ? undefined : readDateTime(end);
  if ((start !== undefined && first === undefined) || (end !== undefined && last === undefined)) return undefined;
  if (first !== undefined && last !== undefined && first.from >= last.until) return undefined;
  if (first !== undefined && first.from >= YEAR_10000) return undefined;
  // "9999-12-31" is how systems write "for ever", and no later instant can be written in a policy.
  return { from: first?.from, until: last !== undefined && last.until < YEAR_10000 ? last.until : undefined };
}

/** The span that a FHIR dateTime covers at its precision. */
function readDateTime(text: unknown): { from: number; until: number } | undefined {
  if (typeof text !== 'string') return undefined;
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const [y, m, d] = [Number(year), Number(month ?? '1') - 1, Number(day ?? '1')];
  const midnight = Date.UTC(y, m, d);
  // Date.UTC reads years below 100 as 19xx and rolls impossible days over; both are refused by reading back.
  const back = new Date(midnight);
  if (back.getUTCFullYear() !== y || back.getUTCMonth() !== m || back.getUTCDate() !== d) return undefined;
  if (month === undefined) return { from: midnight, until: Date.UTC(y + 1, 0, 1) };
  if (day === undefined) return { from: midnight, until: Date.UTC(y, m + 1, 1) };
  if (hour === undefined || zone === undefined) return { from: midnight, until: Date.UTC(y, m, d + 1) };
  const offset = offsetMinutes(zone);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || offset === undefined) return undefined;
  const seconds = midnight + ((Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second)) * 1000;
  if (fraction === undefined) return { from: seconds, until: seconds + 1000 };
  const from = seconds + Number(fraction.padEnd(3, '0'));
  return { from, until: from + 10 ** (3 - fraction.length) };
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
