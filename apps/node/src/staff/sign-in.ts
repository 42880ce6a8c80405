import { z } from 'zod';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { AuditActor } from '@carecord/audit';
import type { TransactionRunner } from '@carecord/core';
import { toBase64Url } from '@carecord/core';
import { hashPassword, randomKey, verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone, SOMEBODY } from '../sessions/audit-trail.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { SessionMethod, Sessions, SignedIn } from '../sessions/sessions.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import type { SignInLock } from '../sessions/sign-in-lock.ts';
import { principalOf } from '../sessions/staff-principal.ts';
import { credentialStamp } from './credential-stamp.ts';
import { challengeOf } from './passkey-response.ts';
import type { AssertionResponse } from './passkey-response.ts';
import type { Passkeys } from './passkeys.ts';
import { MAX_PASSWORD_LENGTH } from './password-policy.ts';
import { setOwnPassword } from './set-password.ts';
import type { SecondFactorMethod, SecondFactors } from './second-factors.ts';

/** Longer input is refused before anything is looked up. */
const MAX_USERNAME_LENGTH = 100;

const REFUSED = 'The username or the password is not right.';
const FACTOR_REFUSED = 'The code or the passkey is not right.';
const EXPIRED = 'This sign-in is over: begin anew.';

/** Where a sign-in stands: done, or what it asks for next. Tokens are shown once and work once. */
export type SignInStep =
  | { readonly kind: 'signed-in'; readonly session: SignedIn }
  | {
      readonly kind: 'second-factor';
      readonly challenge: string;
      readonly methods: readonly SecondFactorMethod[];
      /** For `navigator.credentials.get()`, when a passkey is among the methods. */
      readonly passkeyOptions: PublicKeyCredentialRequestOptionsJSON | undefined;
    }
  | { readonly kind: 'own-password'; readonly challenge: string };

/** What {@link SignIn} needs from outside. */
export interface SignInDependencies {
  readonly staff: Pick<StaffStore, 'findById' | 'findByUsername' | 'lock' | 'change'>;
  readonly storedSessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly sessions: Sessions;
  readonly lock: SignInLock;
  readonly challenges: SignInChallenges;
  readonly factors: SecondFactors;
  readonly passkeys: Passkeys;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
}

/** What a challenge remembers: how the account stood when it was made. */
const factorStateSchema = z.object({ stamp: z.string() });
const ownPasswordStateSchema = z.object({ stamp: z.string(), method: z.enum(['password', 'password+totp', 'password+recovery-code', 'password+passkey']) });
type PasswordMethod = z.infer<typeof ownPasswordStateSchema>['method'];

/** Sign-in with the accounts that this node keeps itself. */
export class SignIn {
  /** A hash that no password matches: an unknown username costs the same time as a wrong password. */
  private readonly decoy: Promise<string> = hashPassword(toBase64Url(randomKey()));

  constructor(private readonly dependencies: SignInDependencies) {}

  /**
   * @throws NodeError `SIGN_IN_REFUSED` (the same for an unknown user, a disabled account and a wrong password) or `SIGN_IN_LIMITED`
   */
  async withPassword(username: string, password: string): Promise<SignInStep> {
    const { staff, lock, factors, challenges, passkeys } = this.dependencies;
    const possible = username.length <= MAX_USERNAME_LENGTH && password.length <= MAX_PASSWORD_LENGTH && username.isWellFormed() && !username.includes('\0');
    if (!possible) throw new NodeError('SIGN_IN_REFUSED', REFUSED);
    await lock.attempt(username);
    const account = await staff.findByUsername(username);
    const matches = await verifyPassword(password, account?.passwordHash ?? (await this.decoy));
    if (!matches || account?.passwordHash === undefined || principalOf(account) === undefined) {
      throw await this.refusal(account === undefined ? SOMEBODY : { kind: 'staff', id: account.id }, REFUSED);
    }
    const methods = await factors.methodsOf(account);
    if (methods.length === 0) return await this.finish(account, 'password');
    const challenge = await challenges.begin('second-factor', { stamp: credentialStamp(account) }, { staffId: account.id });
    const own = methods.includes('passkey') ? await passkeys.list(account.id) : [];
    return { kind: 'second-factor', challenge, methods, passkeyOptions: own.length === 0 ? undefined : await passkeys.requestOptions(challenge, own) };
  }

  /**
   * Goes on with a one-time code or a recovery code. A wrong one may be followed by another until the account is locked.
   * @throws NodeError `SIGN_IN_EXPIRED`, `SIGN_IN_REFUSED`, `SIGN_IN_LIMITED`
   */
  async withCode(challenge: string, code: string): Promise<SignInStep> {
    const { lock, factors, challenges } = this.dependencies;
    const taken = await challenges.take('second-factor', challenge, factorStateSchema);
    const account = await this.unchanged(taken);
    await lock.attempt(account.username);
    const method = await factors.takeCode(account, code);
    if (method === undefined) {
      if (taken !== undefined) await challenges.putBack('second-factor', challenge, taken);
      throw await this.refusal({ kind: 'staff', id: account.id }, FACTOR_REFUSED);
    }
    return await this.finish(account, `password+${method}`);
  }

  /** Begins a sign-in without user name: the answer goes to {@link withPasskey}. */
  async beginPasskey(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return await this.dependencies.passkeys.requestOptions(await this.dependencies.challenges.begin('passkey-sign-in', {}));
  }

  /**
   * Goes on with a passkey: as second factor, or alone (it verified the user by itself).
   * @throws NodeError `SIGN_IN_EXPIRED`, `SIGN_IN_REFUSED`, `SIGN_IN_LIMITED`
   */
  async withPasskey(response: AssertionResponse): Promise<SignInStep> {
    const { lock, challenges, passkeys, staff } = this.dependencies;
    const challenge = challengeOf(response);
    if (challenge === undefined) throw await this.refusal(SOMEBODY, FACTOR_REFUSED);
    const second = await challenges.take('second-factor', challenge, factorStateSchema);
    if (second !== undefined) {
      const account = await this.unchanged(second);
      await lock.attempt(account.username);
      if (!(await passkeys.verifyOf(account, response, challenge))) throw await this.refusal({ kind: 'staff', id: account.id }, FACTOR_REFUSED);
      return await this.finish(account, 'password+passkey');
    }
    const alone = await challenges.take('passkey-sign-in', challenge, z.object({}));
    if (alone === undefined) throw new NodeError('SIGN_IN_EXPIRED', EXPIRED);
    // Nobody was named before, so the authenticator must name its owner (WebAuthn, section 7.2, step 6).
    const passkey = response.response.userHandle == null ? undefined : await passkeys.verify(response, challenge);
    const account = passkey === undefined ? undefined : await staff.findById(passkey.staffId);
    if (account === undefined || principalOf(account) === undefined) {
      throw await this.refusal(account === undefined ? SOMEBODY : { kind: 'staff', id: account.id }, FACTOR_REFUSED);
    }
    return await this.finish(account, 'passkey');
  }

  /**
   * Goes on with an own password in the place of one that somebody else had set.
   * @throws NodeError `SIGN_IN_EXPIRED`, `PASSWORD_UNACCEPTABLE` (another one may follow)
   */
  async withOwnPassword(challenge: string, password: string): Promise<SignInStep> {
    const { challenges } = this.dependencies;
    const taken = await challenges.take('own-password', challenge, ownPasswordStateSchema);
    const account = await this.unchanged(taken);
    const { method } = taken?.state ?? { method: 'password' as const };
    // As it was when the password was set, not read anew: an administrator may have reset it since, and that is for the person alone.
    const changed = await setOwnPassword({ ...this.dependencies, sessions: this.dependencies.storedSessions }, account, password).catch(async (error: unknown) => {
      if (taken !== undefined && error instanceof NodeError && error.code === 'PASSWORD_UNACCEPTABLE') await challenges.putBack('own-password', challenge, taken);
      throw error;
    });
    return await this.finish(changed, method);
  }

  private async finish(account: StaffAccount, method: PasswordMethod | 'passkey'): Promise<SignInStep> {
    const { lock, challenges, sessions } = this.dependencies;
    const stamp = credentialStamp(account);
    await lock.succeeded(account.username);
    if (account.passwordExpired && method !== 'passkey') {
      return { kind: 'own-password', challenge: await challenges.begin('own-password', { stamp, method }, { staffId: account.id }) };
    }
    const principal = principalOf(account);
    if (principal === undefined) throw new NodeError('SIGN_IN_EXPIRED', EXPIRED);
    const opened = await sessions.open(principal, { method: method satisfies SessionMethod, unless: (present) => credentialStamp(present) !== stamp });
    return { kind: 'signed-in', session: opened };
  }

  /** The account of a challenge, if nothing by which it signs in has changed since. @throws NodeError `SIGN_IN_EXPIRED` */
  private async unchanged(taken: { readonly state: { readonly stamp: string }; readonly staffId: string | undefined } | undefined): Promise<StaffAccount> {
    const account = taken?.staffId === undefined ? undefined : await this.dependencies.staff.findById(taken.staffId);
    if (account === undefined || principalOf(account) === undefined || taken?.state.stamp !== credentialStamp(account)) throw new NodeError('SIGN_IN_EXPIRED', EXPIRED);
    return account;
  }

  private async refusal(actor: AuditActor, message: string): Promise<NodeError> {
    await appendAlone(this.dependencies, { type: 'sign-in-refused', outcome: 'refused', actor, reasonCode: 'SIGN_IN_REFUSED' });
    return new NodeError('SIGN_IN_REFUSED', message);
  }
}
