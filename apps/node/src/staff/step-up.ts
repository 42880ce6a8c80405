import { z } from 'zod';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { TransactionRunner } from '@carecord/core';
import { verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone } from '../sessions/audit-trail.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { hashOfToken } from '../sessions/session-token.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import type { SignInLock } from '../sessions/sign-in-lock.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { challengeOf } from './passkey-response.ts';
import type { AssertionResponse } from './passkey-response.ts';
import type { Passkeys } from './passkeys.ts';
import type { SecondFactorMethod, SecondFactors } from './second-factors.ts';
import { setOwnPassword } from './set-password.ts';

/** By what a person can prove once more who they are. */
export type StepUpMethod = SecondFactorMethod | 'password';

/** What a person shows: a one-time or recovery code, a passkey's answer, or the password. */
export type StepUpProof = { readonly code: string } | { readonly passkey: AssertionResponse } | { readonly password: string };

/** What {@link StepUp} needs from outside. */
export interface StepUpDependencies {
  readonly staff: Pick<StaffStore, 'findById' | 'lock' | 'change'>;
  readonly storedSessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly sessions: Sessions;
  readonly lock: SignInLock;
  readonly challenges: SignInChallenges;
  readonly factors: SecondFactors;
  readonly passkeys: Passkeys;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
}

/**
 * A signed-in person proves once more who they are, before something sensitive: whoever finds an open session, or has stolen one,
 * cannot. A second factor where there is one, and the password where there is nothing else. Failures are counted as at sign-in, but
 * apart from it.
 */
export class StepUp {
  constructor(private readonly dependencies: StepUpDependencies) {}

  /** What the person can show, with the options for a passkey when there is one. */
  async begin(staff: StaffPrincipal): Promise<{ readonly methods: readonly StepUpMethod[]; readonly passkeyOptions: PublicKeyCredentialRequestOptionsJSON | undefined }> {
    const { passkeys, challenges } = this.dependencies;
    const account = await this.accountOf(staff);
    const methods = await this.methodsOf(account);
    if (!methods.includes('passkey')) return { methods, passkeyOptions: undefined };
    const challenge = await challenges.begin('step-up', {}, { staffId: staff.staffId });
    return { methods, passkeyOptions: await passkeys.requestOptions(challenge, await passkeys.list(staff.staffId)) };
  }

  /**
   * @returns until when the proof counts, in this session alone
   * @throws NodeError `PROOF_REFUSED`, `SIGN_IN_LIMITED`
   */
  async prove(token: string, staff: StaffPrincipal, proof: StepUpProof): Promise<Date> {
    const { lock, sessions } = this.dependencies;
    const account = await this.accountOf(staff);
    await lock.attempt(account.id, actorOf(staff));
    const method = await this.check(account, proof);
    if (method === undefined) throw await this.refusal(staff);
    await lock.succeeded(account.id);
    return await sessions.stepUp(token, staff, method);
  }

  /**
   * Changes the person's own password, which ends their other sessions.
   * @throws NodeError `PROOF_REFUSED` when the present one is wrong, `PASSWORD_UNACCEPTABLE`, `SIGN_IN_LIMITED`
   */
  async changePassword(token: string, staff: StaffPrincipal, passwords: { readonly present: string; readonly next: string }): Promise<void> {
    const { lock } = this.dependencies;
    const account = await this.accountOf(staff);
    await lock.attempt(account.id, actorOf(staff));
    if (account.passwordHash === undefined || !(await verifyPassword(passwords.present, account.passwordHash))) throw await this.refusal(staff);
    await lock.succeeded(account.id);
    await setOwnPassword({ ...this.dependencies, sessions: this.dependencies.storedSessions }, account, passwords.next, hashOfToken(token));
  }

  private async check(account: StaffAccount, proof: StepUpProof): Promise<StepUpMethod | undefined> {
    const { factors, passkeys, challenges } = this.dependencies;
    if ('code' in proof) return await factors.takeCode(account, proof.code);
    if ('passkey' in proof) {
      const challenge = challengeOf(proof.passkey);
      const taken = challenge === undefined ? undefined : await challenges.take('step-up', challenge, z.object({}));
      if (challenge === undefined || taken?.staffId !== account.id) return undefined;
      return (await passkeys.verifyOf(account, proof.passkey, challenge)) ? 'passkey' : undefined;
    }
    const methods = await this.methodsOf(account);
    if (!methods.includes('password') || account.passwordHash === undefined) return undefined;
    return (await verifyPassword(proof.password, account.passwordHash)) ? 'password' : undefined;
  }

  private async methodsOf(account: StaffAccount): Promise<readonly StepUpMethod[]> {
    const methods = await this.dependencies.factors.methodsOf(account);
    return methods.length === 0 && account.passwordHash !== undefined ? ['password'] : methods;
  }

  private async accountOf(staff: StaffPrincipal): Promise<StaffAccount> {
    const account = await this.dependencies.staff.findById(staff.staffId);
    if (account === undefined) throw new NodeError('UNAUTHENTICATED', 'Sign in first: there is no session, or it has ended.');
    return account;
  }

  private async refusal(staff: StaffPrincipal): Promise<NodeError> {
    await appendAlone(this.dependencies, { type: 'step-up-refused', outcome: 'refused', actor: actorOf(staff), reasonCode: 'PROOF_REFUSED' });
    return new NodeError('PROOF_REFUSED', 'This does not prove who you are: the code, the passkey or the password is not right.');
  }
}
