import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { z } from 'zod';
import { CurrentStaff, CurrentToken, RemoteAddress } from '../../authorisation/caller.ts';
import { permissionsOf } from '../../authorisation/permissions.ts';
import { Public, Requires } from '../../authorisation/requires.ts';
import { LocalHospital } from '../../composition/local-hospital.ts';
import { Sessions } from '../../sessions/sessions.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { resultUnion } from '../common/result-union.ts';
import { SignedInSession, SignedOut, StaffMember } from './session-types.ts';

const SignInResult = resultUnion('SignInResult', SignedInSession);
const SignOutResult = resultUnion('SignOutResult', SignedOut);
const MeResult = resultUnion('MeResult', StaffMember);

const credentialSchema = z.string().min(1, { error: 'is empty' });

@Resolver()
export class SessionResolver {
  constructor(
    private readonly sessions: Sessions,
    private readonly hospital: LocalHospital,
  ) {}

  @Public()
  @Mutation(() => SignInResult, { description: 'Starts a session of a staff member.' })
  async signIn(
    @RemoteAddress() address: string,
    @Args('username', { type: () => String }, new InputPipe(credentialSchema)) username: string,
    @Args('password', { type: () => String }, new InputPipe(credentialSchema)) password: string,
  ): Promise<SignedInSession> {
    this.sessions.countFrom(address);
    const { token, expiresAt, staff } = await this.sessions.signIn(username, password);
    return { token, expiresAt, staff: this.member(staff) };
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

  private member(staff: StaffPrincipal): StaffMember {
    const { did, name } = this.hospital;
    return { id: staff.staffId, username: staff.username, role: staff.role, permissions: [...permissionsOf(staff.role)], hospital: { did, name } };
  }
}
