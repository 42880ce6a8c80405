import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';

const SECOND = 1000;

/** An instant as did:webvh and DID Core 1.0 (section 7.1.3) write it: in UTC and whole seconds. */
export function versionTimeOf(instant: Date): string {
  return instant.toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The time of a version made now: after the one before it, be it made in the same second.
 * @throws IdentityError `DID_TIME_INVALID` when the version before is dated too far ahead of our clock
 */
export function nextVersionTime(previous: Date, now: Date): string {
  const time = Math.max(now.getTime(), previous.getTime() + SECOND);
  if (time > now.getTime() + CLOCK_SKEW_MILLISECONDS) throw new IdentityError('DID_TIME_INVALID', 'The last version of the DID is dated ahead of the clock.');
  return versionTimeOf(new Date(time));
}
