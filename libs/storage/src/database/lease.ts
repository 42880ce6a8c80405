import { CarecordError, later } from '@carecord/core';
import type { Clock } from '@carecord/core';

/** A lease is renewed this often before it ends: two renewals may fail. */
const RENEWALS = 3;

/**
 * Runs work that is ours for as long as a lease lasts, and renews the lease meanwhile.
 * @param renew prolongs the lease to the given instant; when it fails, the next renewal or the lease's end decides
 */
export async function withLease(
  clock: Clock,
  leaseMilliseconds: number,
  renew: (until: Date) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const renewing = keepRenewing(clock, leaseMilliseconds, renew, ended.signal);
  try {
    await work();
  } finally {
    ended.abort(new Error('The work has ended.'));
    await renewing;
  }
}

async function keepRenewing(clock: Clock, leaseMilliseconds: number, renew: (until: Date) => Promise<void>, signal: AbortSignal): Promise<void> {
  // Measured from the beginning of each renewal: one that takes long must not push the next one back.
  for (let renewedAt = clock.now(); !signal.aborted; ) {
    try {
      await clock.sleepUntil(later(renewedAt, leaseMilliseconds / RENEWALS), signal);
      renewedAt = clock.now();
      await renew(later(renewedAt, leaseMilliseconds));
    } catch {
      // Aborted: the loop ends. Not renewed: it is tried again, and somebody else takes the work when the lease is over.
    }
  }
}

/** What may be written down about a failure: our own code, never a text. */
export function errorCodeOf(error: unknown): string {
  return error instanceof CarecordError ? String(error.code) : 'INTERNAL';
}
