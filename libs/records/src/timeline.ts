import { clinicalInstant } from '@carecord/fhir';
import type { OpenedRecord } from './compartment.ts';

/** Sorted by clinical date, newest first; those without a date last, in the order in which they came. */
export function newestFirst(records: readonly OpenedRecord[]): OpenedRecord[] {
  const dated = records.map((record) => ({ record, instant: instantOf(record) }));
  return dated.toSorted((left, right) => compare(right.instant, left.instant)).map(({ record }) => record);
}

/** Infinities would give NaN when subtracted. */
function compare(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function instantOf({ clinicalDate }: OpenedRecord): number {
  const instant = clinicalDate === undefined ? Number.NaN : clinicalInstant(clinicalDate);
  return Number.isNaN(instant) ? Number.NEGATIVE_INFINITY : instant;
}
