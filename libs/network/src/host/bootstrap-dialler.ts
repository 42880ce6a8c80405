import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** How often to look whether we still know somebody. */
const CHECK_MILLISECONDS = 5_000;
/** How often to dial while we know few, or hear nothing new: whoever is the only one we hear can keep from us that it was removed. */
const ONE_SIDED_MILLISECONDS = 60_000;
/** Waits after failed rounds: 1, 2, 4, … up to 60 seconds. */
const FIRST_WAIT_MILLISECONDS = 1_000;
const LONGEST_WAIT_MILLISECONDS = 60_000;

/** What the dialler uses of its host. */
export interface BootstrapDiallerOptions {
  readonly addresses: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isAlone: () => boolean;
  /** Whether what we hear may be what one member wants us to hear. */
  readonly isOneSided: () => boolean;
  readonly dial: (address: string) => Promise<unknown>;
}

/**
 * Dials the bootstrap addresses while we know nobody, or now and then while what we hear is one-sided, again and again, until the signal is aborted: libp2p's own module
 * dials once.
 */
export async function keepBootstrapped(options: BootstrapDiallerOptions, signal: AbortSignal): Promise<void> {
  const { addresses, clock, logger, isAlone, isOneSided, dial } = options;
  let widenAt = later(clock.now(), ONE_SIDED_MILLISECONDS);
  let wait = FIRST_WAIT_MILLISECONDS;
  while (!signal.aborted && addresses.length > 0) {
    let pause = CHECK_MILLISECONDS;
    if (isAlone() || (isOneSided() && clock.now() >= widenAt)) {
      widenAt = later(clock.now(), ONE_SIDED_MILLISECONDS);
      const results = await Promise.allSettled(addresses.map(dial));
      if (results.some((result) => result.status === 'fulfilled')) {
        wait = FIRST_WAIT_MILLISECONDS;
      } else {
        logger.warn('bootstrap-failed', { addresses: addresses.length, retryInMilliseconds: wait });
        pause = wait;
        wait = Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
      }
    }
    await clock.sleepUntil(later(clock.now(), pause), signal).catch(() => undefined);
  }
}
