import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import type { Storage } from '@carecord/storage';
import type { StaffServices } from '../staff/staff-services.ts';

/** What anybody can begin at a sign-in stands in the database until then. */
const CLEANING_INTERVAL_MILLISECONDS = 5 * 60_000;

/**
 * A replica whose clock is ahead must not forget a statement that one whose clock is behind would still take: each may differ from
 * the database's clock by as much as the start allows, in either direction.
 */
const REMEMBERED_MILLISECONDS = 2 * CLOCK_SKEW_MILLISECONDS;

/** Adds the job that deletes sessions, sign-ins under way and failures that are over, and statements that nobody can use again. */
export function addSignInCleaning(
  { jobs, usedAssertions }: { readonly jobs: Pick<Storage['jobs'], 'add'>; readonly usedAssertions: Pick<Storage['usedAssertions'], 'removeExpired'> },
  staff: Pick<StaffServices, 'removeExpired'>,
  clock: Clock,
): void {
  jobs.add({
    name: 'remove-sessions',
    everyMilliseconds: CLEANING_INTERVAL_MILLISECONDS,
    run: async () => {
      await staff.removeExpired();
      await usedAssertions.removeExpired(later(clock.now(), -REMEMBERED_MILLISECONDS));
    },
  });
}
