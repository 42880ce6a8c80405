import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** How often to look whether we still know somebody. */
const CHECK_MILLISECONDS = 5_000;
/** How often to dial while we know few, or hear nothing new: whoever is the only one we hear can keep from us that it was removed. */
const ONE_SIDED_MILLISECONDS = 60_000;
/**
 * How often to try again those whom we knew and have lost, and the bootstrap addresses, however many others we know: a network that was
 * cut in two becomes one again.
 */
const REJOIN_MILLISECONDS = 5 * 60_000;
/** Waits after failed rounds: 1, 2, 4, … up to 60 seconds. */
const FIRST_WAIT_MILLISECONDS = 1_000;
const LONGEST_WAIT_MILLISECONDS = 60_000;

/** What the dialler uses of its host. */
export interface BootstrapDiallerOptions {
  readonly addresses: readonly string[];
  /** Addresses of some members that we met before, in this run or an earlier one, and are not connected with. */
  readonly acquaintances: () => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isAlone: () => boolean;
  /** Whether what we hear may be what one member wants us to hear. */
  readonly isOneSided: () => boolean;
  /** @returns whether this brought us a connection that we had not */
  readonly dial: (address: string) => Promise<boolean>;
  /** Called when a round has brought a new connection. */
  readonly joined: () => void;
}

/**
 * Dials the bootstrap addresses and whoever we knew before: at once while we know nobody, now and then while what we hear is one-sided,
 * and every five minutes; again and again, until the signal is aborted.
 */
export async function keepBootstrapped(options: BootstrapDiallerOptions, signal: AbortSignal): Promise<void> {
  const { addresses, clock, logger, isAlone, isOneSided } = options;
  let widenAt = later(clock.now(), ONE_SIDED_MILLISECONDS);
  let rejoinAt = later(clock.now(), REJOIN_MILLISECONDS);
  let wait = FIRST_WAIT_MILLISECONDS;
  while (!signal.aborted) {
    let pause = CHECK_MILLISECONDS;
    const alone = isAlone();
    if (alone || (isOneSided() && clock.now() >= widenAt) || clock.now() >= rejoinAt) {
      widenAt = later(clock.now(), ONE_SIDED_MILLISECONDS);
      rejoinAt = later(clock.now(), REJOIN_MILLISECONDS);
      const { tried, reached } = await dialAll(options);
      if (reached > 0 || !alone) {
        wait = FIRST_WAIT_MILLISECONDS;
      } else {
        if (tried > 0) logger.warn('bootstrap-failed', { addresses: addresses.length, retryInMilliseconds: wait });
        pause = wait;
        wait = Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
      }
    }
    await clock.sleepUntil(later(clock.now(), pause), signal).catch(() => undefined);
  }
}

async function dialAll({ acquaintances, addresses, dial, joined }: BootstrapDiallerOptions): Promise<{ readonly tried: number; readonly reached: number }> {
  const known = await acquaintances();
  const all = [...new Set([...addresses, ...known])];
  const results = await Promise.allSettled(all.map(dial));
  if (results.some((result) => result.status === 'fulfilled' && result.value)) joined();
  return { tried: all.length, reached: results.filter(({ status }) => status === 'fulfilled').length };
}
