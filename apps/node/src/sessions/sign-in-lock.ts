import type { AuditActor } from '@carecord/audit';
import type { Clock, TransactionRunner } from '@carecord/core';
import { later } from '@carecord/core';
import { keyedToken } from '@carecord/crypto';
import type { SignInFailureStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone, SOMEBODY } from './audit-trail.ts';
import type { SessionAudit } from './audit-trail.ts';

/** Mistyping happens; a sixth failure in a row is more likely a guess. */
export const MAX_FAILURES = 5;
/** Long enough that guessing is hopeless (480 tries a day), short enough that a colleague can wait. */
export const LOCK_MILLISECONDS = 15 * 60_000;

/**
 * At what somebody guesses. Anybody may guess at a sign-in, and a step-up is asked for in an open session alone: counted together,
 * a stranger could keep people from what needs a step-up, such as shutting that stranger out.
 */
export type Guessed = 'sign-in' | 'step-up';

/** What {@link SignInLock} needs from outside. */
export interface SignInLockDependencies {
  readonly guessed: Guessed;
  readonly failures: SignInFailureStore;
  readonly sealingKey: Uint8Array;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
}

/**
 * Counts failed proofs (passwords, codes, passkeys) of a subject, which is a user name, whether or not there is such an account, or
 * who is to step up, and locks it for a while after too many. Every replica counts in the same place; subjects are kept as keyed tokens.
 */
export class SignInLock {
  constructor(private readonly dependencies: SignInLockDependencies) {}

  /**
   * Counts an attempt before its proof is checked, so that attempts at the same time cannot slip through together.
   * @param actor whom the audit log names when this locks: who gives a user name is not known to be that person
   * @throws NodeError `SIGN_IN_LIMITED`
   */
  async attempt(subject: string, actor: AuditActor = SOMEBODY): Promise<void> {
    const { failures, clock, guessed } = this.dependencies;
    const subjectToken = this.tokenOf(subject);
    const now = clock.now();
    if ((await failures.attempt(subjectToken, { limit: MAX_FAILURES, now, forgetBefore: later(now, -LOCK_MILLISECONDS) })) === 'open') return;
    // Once a lock: whoever goes on trying must not be able to fill the log.
    if (await failures.announce(subjectToken)) {
      await appendAlone(this.dependencies, { type: `${guessed}-refused`, outcome: 'refused', actor, reasonCode: 'SIGN_IN_LIMITED' });
    }
    throw new NodeError('SIGN_IN_LIMITED', 'Too many attempts failed: wait 15 minutes and try again.');
  }

  /** Takes the attempts back: it was the right person. */
  async succeeded(subject: string): Promise<void> {
    await this.dependencies.failures.clear(this.tokenOf(subject));
  }

  /** Deletes what is forgotten anyway. */
  async removeExpired(): Promise<number> {
    return await this.dependencies.failures.removeOlder(later(this.dependencies.clock.now(), -LOCK_MILLISECONDS));
  }

  private tokenOf(subject: string): Uint8Array {
    const { sealingKey, guessed } = this.dependencies;
    return keyedToken(sealingKey, `node/${guessed}-failure`, subject);
  }
}
