import type { Clock } from '@carecord/core';

/** Mistyping happens; a sixth failure in a row is more likely a guess. */
export const MAX_FAILURES = 5;
/** Long enough that guessing is hopeless (480 tries a day), short enough that a colleague can wait. */
export const LOCK_MILLISECONDS = 15 * 60_000;
/** Usernames remembered at the most: a flood of made-up ones cannot fill the memory. */
const MAX_USERNAMES = 10_000;

interface Failures {
  count: number;
  last: number;
  announced: boolean;
}

/**
 * Counts failed sign-ins of a username, whether or not there is such an account, and locks it for a while after too many.
 * Kept in memory: a restart forgives, and a guesser gains five tries by it.
 */
export class SignInLimiter {
  private readonly failures = new Map<string, Failures>();

  constructor(private readonly clock: Clock) {}

  /** Whether this username has to wait. */
  isLocked(username: string): boolean {
    const entry = this.current(username);
    return entry !== undefined && entry.count >= MAX_FAILURES;
  }

  /** Whether this is the first time that the present lock is met. */
  isLockNews(username: string): boolean {
    const entry = this.current(username);
    if (entry === undefined || entry.announced) return false;
    entry.announced = true;
    return true;
  }

  /** Counts an attempt before its password is checked, so that attempts at the same time cannot slip through together. */
  attempt(username: string): void {
    const count = (this.current(username)?.count ?? 0) + 1;
    this.failures.delete(username);
    this.failures.set(username, { count, last: this.clock.now().getTime(), announced: false });
    if (this.failures.size > MAX_USERNAMES) this.forgetOldest();
  }

  /** Takes the attempts back: the password was right. */
  succeeded(username: string): void {
    this.failures.delete(username);
  }

  private current(username: string): Failures | undefined {
    const entry = this.failures.get(username);
    if (entry === undefined || this.clock.now().getTime() - entry.last < LOCK_MILLISECONDS) return entry;
    this.failures.delete(username);
    return undefined;
  }

  private forgetOldest(): void {
    const oldest = this.failures.keys().next();
    if (!oldest.done) this.failures.delete(oldest.value);
  }
}
