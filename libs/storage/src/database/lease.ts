import { errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** A lease is renewed this often before it ends: two renewals may fail. */
const RENEWALS = 3;

/** How work stays ours. */
export interface Lease {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly milliseconds: number;
  readonly renew: (until: Date) => Promise<void>;
}

/**
 * Runs work that is ours for as long as a lease lasts, and renews the lease meanwhile.
 * @param lease.renew prolongs the lease to the given instant; when it fails, that is logged, and the next renewal or the lease's end decides
 */
export async function withLease(lease: Lease, work: () => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const renewing = keepRenewing(lease, ended.signal);
  try {
    await work();
  } finally {
    ended.abort(new Error('The work has ended.'));
    await renewing;
  }
}

async function keepRenewing({ clock, logger, milliseconds, renew }: Lease, signal: AbortSignal): Promise<void> {
  // Measured from the beginning of each renewal: one that takes long must not push the next one back.
  for (let renewedAt = clock.now(); !signal.aborted; ) {
    try {
      await clock.sleepUntil(later(renewedAt, milliseconds / RENEWALS), signal);
    } catch {
      // The work has ended.
      return;
    }
    renewedAt = clock.now();
    try {
      await renew(later(renewedAt, milliseconds));
    } catch (error) {
      // It is tried again, and somebody else takes the work when the lease is over.
      logger.warn('lease-not-renewed', { code: errorCodeOf(error) }, error);
    }
  }
}
