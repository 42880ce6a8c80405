import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CurrentStaff, CurrentToken, RemoteAddress } from '../../authorisation/caller.ts';
import { permissionsOf } from '../../authorisation/permissions.ts';
import { Public, Requires } from '../../authorisation/requires.ts';
import { LocalHospital } from '../../composition/local-hospital.ts';
import { Sessions } from '../../sessions/sessions.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { assertionResponseSchema } from '../../staff/passkey-response.ts';
import type { AssertionResponse } from '../../staff/passkey-response.ts';
import { SignIn } from '../../staff/sign-in.ts';
import type { SignInStep } from '../../staff/sign-in.ts';
import { InputPipe } from '../common/input.ts';
import { resultUnion } from '../common/result-union.ts';
import { challengeSchema, codeSchema, credentialSchema, newPasswordSchema } from './session-inputs.ts';
import { EndedSessions, OwnSessions, PasskeySignIn, SignedOut, SignInResult, StaffMember } from './session-types.ts';
import type { PasswordExpired, SecondFactorRequired, SignedInSession } from './session-types.ts';
import { WebAuthnJson } from './web-authn-json.ts';

const SignOutResult = resultUnion('SignOutResult', SignedOut);
const MeResult = resultUnion('MeResult', StaffMember);
const PasskeySignInResult = resultUnion('PasskeySignInResult', PasskeySignIn);
const OwnSessionsResult = resultUnion('OwnSessionsResult', OwnSessions);
const EndedSessionsResult = resultUnion('EndedSessionsResult', EndedSessions);

type Step = SignedInSession | SecondFactorRequired | PasswordExpired;

@Resolver()
export class SessionResolver {
  constructor(
    private readonly sessions: Sessions,
    private readonly signIns: SignIn,
    private readonly hospital: LocalHospital,
  ) {}

  @Public()
  @Mutation(() => SignInResult, { description: 'Begins a session of a staff member: it may ask for a second factor, or for an own password.' })
  async signIn(
    @RemoteAddress() address: string,
    @Args('username', { type: () => String }, new InputPipe(credentialSchema)) username: string,
    @Args('password', { type: () => String }, new InputPipe(credentialSchema)) password: string,
  ): Promise<Step> {
    this.sessions.countFrom(address);
    return this.shown(await this.signIns.withPassword(username, password));
  }

  @Public()
  @Mutation(() => SignInResult, { description: 'Goes on after SecondFactorRequired, with a one-time code or a recovery code.' })
  async signInWithCode(
    @RemoteAddress() address: string,
    @Args('challenge', { type: () => String }, new InputPipe(challengeSchema)) challenge: string,
    @Args('code', { type: () => String }, new InputPipe(codeSchema)) code: string,
  ): Promise<Step> {
    this.sessions.countFrom(address);
    return this.shown(await this.signIns.withCode(challenge, code));
  }

  @Public()
  @Mutation(() => PasskeySignInResult, { description: 'Begins a sign-in with a passkey alone, without user name and password.' })
  async beginPasskeySignIn(@RemoteAddress() address: string): Promise<PasskeySignIn> {
    this.sessions.countFrom(address);
    return { options: await this.signIns.beginPasskey() };
  }

  @Public()
  @Mutation(() => SignInResult, { description: 'Goes on after beginPasskeySignIn or SecondFactorRequired, with the answer of navigator.credentials.get().' })
  async signInWithPasskey(
    @RemoteAddress() address: string,
    @Args('response', { type: () => WebAuthnJson }, new InputPipe(assertionResponseSchema)) response: AssertionResponse,
  ): Promise<Step> {
    this.sessions.countFrom(address);
    return this.shown(await this.signIns.withPasskey(response));
  }

  @Public()
  @Mutation(() => SignInResult, { description: 'Goes on after PasswordExpired: at least twelve characters, and not what many people use.' })
  async setOwnPassword(
    @RemoteAddress() address: string,
    @Args('challenge', { type: () => String }, new InputPipe(challengeSchema)) challenge: string,
    @Args('password', { type: () => String }, new InputPipe(newPasswordSchema)) password: string,
  ): Promise<Step> {
    this.sessions.countFrom(address);
    return this.shown(await this.signIns.withOwnPassword(challenge, password));
  }

  @Requires('session.own')
  @Mutation(() => SignOutResult, { description: 'Ends the session of this request.' })
  async signOut(@CurrentToken() token: string, @CurrentStaff() staff: StaffPrincipal): Promise<SignedOut> {
    await this.sessions.signOut(token, staff);
    return { done: true };
  }

  @Requires('session.own')
  @Query(() => MeResult, { description: 'Who is signed in.' })
  me(@CurrentStaff() staff: StaffPrincipal): StaffMember {
    return this.member(staff);
  }

  @Requires('session.own')
  @Query(() => OwnSessionsResult, { name: 'sessions', description: 'Where the person is signed in.' })
  async ownSessions(@CurrentToken() token: string, @CurrentStaff() staff: StaffPrincipal): Promise<OwnSessions> {
    return { sessions: await this.sessions.list(staff, token) };
  }

  @Requires('session.own')
  @Mutation(() => EndedSessionsResult, { description: 'Ends one session of the person.' })
  async endSession(@CurrentStaff() staff: StaffPrincipal, @Args('sessionId', { type: () => ID }, new InputPipe(challengeSchema)) sessionId: string): Promise<EndedSessions> {
    await this.sessions.end(staff, sessionId);
    return { ended: 1 };
  }

  @Requires('session.own')
  @Mutation(() => EndedSessionsResult, { description: 'Ends all sessions of the person but this one.' })
  async endOtherSessions(@CurrentToken() token: string, @CurrentStaff() staff: StaffPrincipal): Promise<EndedSessions> {
    return { ended: await this.sessions.endOthers(staff, token) };
  }

  private shown(step: SignInStep): Step {
    if (step.kind === 'second-factor') return { challenge: step.challenge, methods: [...step.methods], passkeyOptions: step.passkeyOptions };
    if (step.kind === 'own-password') return { ownPasswordChallenge: step.challenge };
    const { token, expiresAt, staff } = step.session;
    return { token, expiresAt, staff: this.member(staff) };
  }

  private member(staff: StaffPrincipal): StaffMember {
    const { did, name } = this.hospital;
    return { id: staff.staffId, username: staff.username, role: staff.role, permissions: [...permissionsOf(staff.role)], hospital: { did, name } };
  }
}
