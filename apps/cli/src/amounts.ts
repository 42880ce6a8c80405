const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BYTE_STEP = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A time span in the largest unit of which there are two, as a person says it. @param milliseconds 0 or more */
export function spanText(milliseconds: number): string {
  for (const [unit, name] of [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min']] as const) if (milliseconds >= 2 * unit) return `${Math.floor(milliseconds / unit)} ${name}`;
  return milliseconds >= SECOND ? `${Math.floor(milliseconds / SECOND)} s` : `${milliseconds < 10 ? Number(milliseconds.toFixed(1)) : Math.round(milliseconds)} ms`;
}

/** A number of bytes in the largest unit of which there is one. */
export function bytesText(bytes: number): string {
  const step = bytes < BYTE_STEP ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(BYTE_STEP)));
  return `${step === 0 ? bytes : (bytes / BYTE_STEP ** step).toFixed(1)} ${BYTE_UNITS[step]}`;
}

/** A whole number with commas between the thousands. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
