import type { Clock, Rate, TransactionRunner } from '@carecord/core';
import { fromBase64Url, later, RateLimiter, toBase64Url } from '@carecord/core';
import { constantTimeEqual, randomNonce, sha256 } from '@carecord/crypto';
import type { StaffStore } from '@carecord/storage';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone, SOMEBODY } from '../sessions/audit-trail.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { Sessions, SignedIn } from '../sessions/sessions.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import { principalOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { OpenIdError } from './openid-error.ts';
import type { OpenIdProvider } from './openid-provider.ts';
import type { OpenIdSettings } from './openid-settings.ts';
import type { ProviderAccounts } from './provider-accounts.ts';
import { checkAuthentication, roleOf } from './provider-claims.ts';
import type { IdTokenClaims } from './provider-claims.ts';

/** A person types a password and a second factor at the provider. */
export const PROVIDER_MILLISECONDS = 10 * 60_000;
/** The page that the browser lands on asks at once. */
export const HAND_OVER_MILLISECONDS = 60_000;
/** Behind a reverse proxy a hospital is one address, and each sign-in asks three times. */
export const ADDRESS_RATE: Rate = { burst: 300, perSecond: 15 };
/** Refusals that are written down: all that people meet, and not all that a program makes. */
export const NOTED_REFUSALS: Rate = { burst: 60, perSecond: 1 / 10 };
const SECRET_BYTES = 32;

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** A step-up that was asked for in a session. Sealed like everything here, the token of the session is in no URL and in no list. */
const stepUpSchema = z.strictObject({ token: z.string(), staffId: z.string() });
const underWaySchema = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('step-up'), browser: secret, stepUp: stepUpSchema }),
  z.strictObject({ step: z.literal('provider'), browser: secret, nonce: secret, codeVerifier: secret, startedAt: z.number(), stepUp: stepUpSchema.optional() }),
  z.strictObject({ step: z.literal('hand-over'), browser: secret, staffId: z.string(), role: z.string() }),
]);

type UnderWay = z.infer<typeof underWaySchema>;
type Step<Name extends UnderWay['step']> = Extract<UnderWay, { step: Name }>;

/** The parameters of a callback (RFC 6749, section 4.1.2, and RFC 9207), as a schema has let them through. */
export type ProviderAnswer = { readonly state: string } & ({ readonly code: string; readonly iss?: string | undefined } | { readonly error: string });

/** What a callback ends in: a one-time code for the session, or a session that is stepped up. */
export type CallbackOutcome = { readonly kind: 'hand-over'; readonly code: string } | { readonly kind: 'stepped-up' };

/** Where to send the browser, and the secret that it keeps meanwhile in a cookie. */
export interface Start {
  readonly location: string;
  readonly browserSecret: string;
}

/** What {@link OpenIdSignIn} needs from outside. */
export interface OpenIdSignInDependencies {
  readonly settings: OpenIdSettings;
  readonly provider: Pick<OpenIdProvider, 'authorizationUrl' | 'exchange'>;
  readonly accounts: Pick<ProviderAccounts, 'signedIn' | 'find'>;
  readonly challenges: Pick<SignInChallenges, 'begin' | 'take'>;
  readonly sessions: Pick<Sessions, 'open' | 'stepUp'>;
  readonly staff: Pick<StaffStore, 'findById'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
}

/**
 * Sign-in through the hospital's own OpenID provider (OpenID Connect Core 1.0, authorization code flow). All steps of one
 * sign-in happen in one browser, which a cookie proves, and each step works once. The session token goes to the application
 * in the body of an answer alone: what stands in an address is a code that is worth nothing without the cookie.
 */
export class OpenIdSignIn {
  private readonly addresses: RateLimiter;
  private readonly refusals: RateLimiter;

  constructor(private readonly dependencies: OpenIdSignInDependencies) {
    this.addresses = new RateLimiter(ADDRESS_RATE, dependencies.clock);
    this.refusals = new RateLimiter(NOTED_REFUSALS, dependencies.clock);
  }

  /** Counts a request from an address. @throws OpenIdError `OPENID_LIMITED` */
  countFrom(address: string): void {
    if (!this.addresses.take(address)) throw new OpenIdError('OPENID_LIMITED', 'Too many sign-ins came from this address: wait a moment and try again.');
  }

  /** Begins a sign-in. @throws OpenIdError `OPENID_UNAVAILABLE` */
  async start(): Promise<Start> {
    const browserSecret = newSecret();
    return { location: await this.sendToProvider(hashText(browserSecret)), browserSecret };
  }

  /**
   * Allows this browser to step a session up at the provider.
   * @returns a one-time ticket for {@link startStepUp}, and the secret of the browser
   */
  async offerStepUp(token: string, { staffId }: StaffPrincipal): Promise<{ readonly ticket: string; readonly browserSecret: string }> {
    const browserSecret = newSecret();
    const ticket = await this.begin({ step: 'step-up', browser: hashText(browserSecret), stepUp: { token, staffId } }, HAND_OVER_MILLISECONDS);
    return { ticket, browserSecret };
  }

  /** Begins a step-up: the person has to sign in at the provider anew. @throws OpenIdError `OPENID_STATE_INVALID`, `OPENID_UNAVAILABLE` */
  async startStepUp(ticket: string, browserSecret: string | undefined): Promise<string> {
    const { browser, stepUp } = await this.take('step-up', ticket, browserSecret);
    return await this.sendToProvider(browser, stepUp);
  }

  /**
   * Takes the provider's answer.
   * @param browserSecret what the cookie of the browser holds
   * @throws OpenIdError; all but an answer that belongs to no sign-in are in the audit log
   */
  async callback(answer: ProviderAnswer, browserSecret: string | undefined): Promise<CallbackOutcome> {
    const underWay = await this.take('provider', answer.state, browserSecret);
    let claims: IdTokenClaims | undefined;
    try {
      claims = await this.exchange(answer, underWay);
      const staff = await this.identify(claims, underWay);
      if (underWay.stepUp !== undefined) return await this.finishStepUp(staff, underWay.stepUp);
      const code = await this.begin({ step: 'hand-over', browser: underWay.browser, staffId: staff.staffId, role: staff.role }, HAND_OVER_MILLISECONDS);
      return { kind: 'hand-over', code };
    } catch (error) {
      if (error instanceof OpenIdError) await this.noteRefusal(error, underWay.stepUp?.staffId, claims);
      throw error;
    }
  }

  /**
   * Exchanges the one-time code of a callback for a session.
   * @throws OpenIdError `OPENID_STATE_INVALID`, `OPENID_ACCOUNT_DISABLED`
   */
  async handOver(code: string, browserSecret: string | undefined): Promise<SignedIn> {
    const { staffId, role } = await this.take('hand-over', code, browserSecret);
    const account = await this.dependencies.staff.findById(staffId);
    const staff = account === undefined ? undefined : principalOf(account);
    // A role that changed in between was ended by who changed it; this sign-in is of the old one.
    if (staff?.role !== role) throw new OpenIdError('OPENID_ACCOUNT_DISABLED', 'Your account here is disabled or was changed: try again, or ask an administrator.');
    return await this.dependencies.sessions.open(staff, { method: 'openid' });
  }

  private async exchange(answer: ProviderAnswer, { nonce, codeVerifier }: Step<'provider'>): Promise<IdTokenClaims> {
    if ('error' in answer) throw new OpenIdError('OPENID_REFUSED', "The hospital's sign-in service did not sign you in.");
    return await this.dependencies.provider.exchange(answer, { state: answer.state, nonce, codeVerifier });
  }

  private async identify(claims: IdTokenClaims, { startedAt, stepUp }: Step<'provider'>): Promise<StaffPrincipal> {
    const { settings, accounts, clock } = this.dependencies;
    checkAuthentication(claims, settings, stepUp === undefined ? later(clock.now(), -settings.maxAgeSeconds * 1000) : new Date(startedAt));
    return await accounts.signedIn(claims, roleOf(claims, settings), claims.preferred_username);
  }

  private async finishStepUp(staff: StaffPrincipal, { token, staffId }: { readonly token: string; readonly staffId: string }): Promise<CallbackOutcome> {
    if (staff.staffId !== staffId) throw new OpenIdError('OPENID_SUBJECT_CHANGED', 'Somebody else signed in than the person of this session.');
    await this.dependencies.sessions.stepUp(token, staff, 'openid').catch((cause: unknown) => {
      throw cause instanceof NodeError ? new OpenIdError('OPENID_SUBJECT_CHANGED', 'The session has ended meanwhile: sign in again.', { cause }) : cause;
    });
    return { kind: 'stepped-up' };
  }

  private async sendToProvider(browser: string, stepUp?: z.infer<typeof stepUpSchema>): Promise<string> {
    const { provider, clock } = this.dependencies;
    const [nonce, codeVerifier] = [newSecret(), newSecret()];
    const startedAt = clock.now().getTime();
    const state = await this.begin({ step: 'provider', browser, nonce, codeVerifier, startedAt, ...(stepUp === undefined ? {} : { stepUp }) }, PROVIDER_MILLISECONDS);
    return await provider.authorizationUrl({ state, nonce, codeVerifier }, stepUp !== undefined);
  }

  private async begin(underWay: UnderWay, milliseconds: number): Promise<string> {
    const { challenges, clock } = this.dependencies;
    // Whose session is ready ends with the person's other sessions.
    const owner = underWay.step === 'hand-over' ? { staffId: underWay.staffId } : {};
    return await challenges.begin('openid', underWay, { expiresAt: later(clock.now(), milliseconds), ...owner });
  }

  /** Taken whatever comes of it: a token that was seen once is worth nothing any more. */
  private async take<Name extends UnderWay['step']>(step: Name, token: string, browserSecret: string | undefined): Promise<Step<Name>> {
    const taken = await this.dependencies.challenges.take('openid', token, underWaySchema);
    const sameBrowser = constantTimeEqual(fromBase64Url(hashText(browserSecret ?? '')), fromBase64Url(taken?.state.browser ?? hashText(token)));
    if (taken?.state.step !== step || !sameBrowser) {
      throw new OpenIdError('OPENID_STATE_INVALID', 'This sign-in was not begun in this browser, took too long, or was finished before: begin again.');
    }
    return taken.state as Step<Name>;
  }

  private async noteRefusal({ code }: OpenIdError, steppingUp: string | undefined, claims: IdTokenClaims | undefined): Promise<void> {
    const { staff, accounts } = this.dependencies;
    const account = steppingUp !== undefined ? await staff.findById(steppingUp) : claims === undefined ? undefined : await accounts.find(claims);
    if (!this.refusals.take(account?.id ?? SOMEBODY.id)) return;
    await appendAlone(this.dependencies, {
      type: steppingUp === undefined ? 'sign-in-refused' : 'step-up-refused',
      outcome: 'refused',
      actor: account === undefined ? SOMEBODY : { kind: 'staff', id: account.id, role: account.role },
      reasonCode: code,
      detail: { method: 'openid' },
    });
  }
}

function newSecret(): string {
  return toBase64Url(randomNonce(SECRET_BYTES));
}

function hashText(text: string): string {
  return toBase64Url(sha256(Buffer.from(text, 'utf8')));
}
