import type { Transaction } from '@carecord/core';
import { LocatorError } from '../locator-error.ts';
import type { Admissions } from './admission-statement.ts';
import type { GuardianStore, StoredAdmissions } from './ports.ts';

const DAY_MILLISECONDS = 24 * 60 * 60_000;

/**
 * How fast the patients that count for publishing may grow, whatever a hospital says that it has admitted. A first load of a
 * million takes eight days; a hospital that lies gains a hundred thousand patients' worth of evaluations a day, each one logged, of
 * the hundreds of millions of identifiers that a national number has.
 */
export const ADMISSIONS_PER_DAY = 100_000;
/** So many at once: a small hospital is loaded in one go. */
export const ADMISSIONS_BURST = 200_000;

/**
 * Credits what a statement shows: never less than before, and not faster than {@link ADMISSIONS_PER_DAY}.
 * @returns how many patients count for publishing now
 * @throws LocatorError `ADMISSIONS_INVALID` for a statement that goes back behind an earlier one
 */
export async function creditAdmissions(store: GuardianStore, transaction: Transaction, statement: Admissions, now: Date): Promise<number> {
  const known = await store.admissions(transaction, statement.hospital);
  if (known !== undefined) checkForward(statement, known);
  const allowance = allowanceAt(known, now);
  const before = known?.credited ?? 0;
  const credited = Math.max(before, Math.min(statement.admitted, before + Math.floor(allowance)));
  await store.saveAdmissions(transaction, {
    hospital: statement.hospital,
    admitted: statement.admitted,
    auditSequence: statement.audit.sequence,
    statedAt: new Date(statement.at),
    credited,
    allowance: allowance - (credited - before),
    allowedAt: now,
  });
  return credited;
}

/** What an honest hospital's log cannot do: have fewer admissions, or fewer events, than it had. */
function checkForward({ admitted, audit, at }: Admissions, known: StoredAdmissions): void {
  if (admitted >= known.admitted && audit.sequence >= known.auditSequence && at >= known.statedAt.getTime()) return;
  throw new LocatorError('ADMISSIONS_INVALID', 'The hospital has shown more admissions, or a longer log, before.');
}

function allowanceAt(known: StoredAdmissions | undefined, now: Date): number {
  if (known === undefined) return ADMISSIONS_BURST;
  const days = Math.max(0, now.getTime() - known.allowedAt.getTime()) / DAY_MILLISECONDS;
  return Math.min(ADMISSIONS_BURST, known.allowance + days * ADMISSIONS_PER_DAY);
}
