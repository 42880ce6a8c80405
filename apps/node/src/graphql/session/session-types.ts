import { createUnionType, Field, GraphQLISODateTime, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { StaffRole } from '../../authorisation/roles.ts';
import { enumOf, StaffRoleEnum } from '../common/enums.ts';
import { Failure } from '../common/failure.ts';
import { Hospital } from '../node/hospital.ts';
import { WebAuthnJson } from './web-authn-json.ts';

export const ProofMethodEnum = enumOf(['totp', 'passkey', 'recovery-code', 'password']);
registerEnumType(ProofMethodEnum, { name: 'ProofMethod', description: 'By what a person proves who they are: a one-time code (RFC 6238), a passkey (WebAuthn), a recovery code, the password.' });
export type ProofMethod = (typeof ProofMethodEnum)[keyof typeof ProofMethodEnum];

@ObjectType({ description: 'A staff member of this hospital.' })
export class StaffMember {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  username!: string;

  @Field(() => StaffRoleEnum)
  role!: StaffRole;

  @Field(() => [String], { description: 'What the role may do; a client hides the rest.' })
  permissions!: string[];

  @Field(() => Hospital)
  hospital!: Hospital;
}

@ObjectType({ description: 'A new session.' })
export class SignedInSession {
  @Field(() => String, { description: 'Send it with each request as "Authorization: Bearer …". It is shown this once.' })
  token!: string;

  @Field(() => GraphQLISODateTime, { description: 'The session ends then at the latest, and earlier when it is not used.' })
  expiresAt!: Date;

  @Field(() => StaffMember)
  staff!: StaffMember;
}

@ObjectType({ description: 'The password is right, and the account has a second factor: go on with signInWithCode or signInWithPasskey, within five minutes.' })
export class SecondFactorRequired {
  @Field(() => String, { description: 'For signInWithCode. It works once; after a wrong code it works again.' })
  challenge!: string;

  @Field(() => [ProofMethodEnum])
  methods!: ProofMethod[];

  @Field(() => WebAuthnJson, { nullable: true, description: 'For navigator.credentials.get(), when a passkey is among the methods: its answer goes to signInWithPasskey.' })
  passkeyOptions?: unknown;
}

@ObjectType({ description: 'Somebody else has set the password, so it serves only to set an own one: go on with setOwnPassword, within five minutes.' })
export class PasswordExpired {
  @Field(() => String, { description: 'For setOwnPassword. It works once; after a password that is not acceptable it works again.' })
  ownPasswordChallenge!: string;
}

const SIGN_IN_TYPES: readonly (typeof SignedInSession | typeof SecondFactorRequired | typeof PasswordExpired | typeof Failure)[] = [SignedInSession, SecondFactorRequired, PasswordExpired, Failure];

/** Where a sign-in stands: done, what it asks for next, or a failure. */
export const SignInResult = createUnionType<typeof SIGN_IN_TYPES>({
  name: 'SignInResult',
  types: () => SIGN_IN_TYPES,
  resolveType: (value: object) => {
    if (value instanceof Failure) return Failure;
    if ('token' in value) return SignedInSession;
    return 'methods' in value ? SecondFactorRequired : PasswordExpired;
  },
});

@ObjectType({ description: 'The beginning of a sign-in with a passkey alone.' })
export class PasskeySignIn {
  @Field(() => WebAuthnJson, { description: 'For navigator.credentials.get(): its answer goes to signInWithPasskey, within five minutes.' })
  options!: unknown;
}

@ObjectType({ description: 'The session has ended.' })
export class SignedOut {
  @Field(() => Boolean)
  done!: boolean;
}

@ObjectType({ description: 'A session of the person who asks.' })
export class OwnSession {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'How it began: password, password+totp, password+passkey, password+recovery-code, passkey or openid.' })
  method!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'To half a minute.' })
  lastUsedAt!: Date;

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;

  @Field(() => Boolean, { description: 'Whether it is the session of this request.' })
  current!: boolean;
}

@ObjectType({ description: 'Sessions, newest first.' })
export class OwnSessions {
  @Field(() => [OwnSession])
  sessions!: OwnSession[];
}

@ObjectType({ description: 'Sessions that were ended.' })
export class EndedSessions {
  @Field(() => Int)
  ended!: number;
}

@ObjectType({ description: 'By what the person can prove once more who they are.' })
export class StepUpOptions {
  @Field(() => [ProofMethodEnum])
  methods!: ProofMethod[];

  @Field(() => WebAuthnJson, { nullable: true, description: 'For navigator.credentials.get(), when a passkey is among the methods.' })
  passkeyOptions?: unknown;
}

@ObjectType({ description: 'The person has proved once more who they are.' })
export class SteppedUp {
  @Field(() => GraphQLISODateTime, { description: 'Until then, this session may do what is sensitive.' })
  until!: Date;
}

@InputType({ description: 'What proves who the person is: exactly one of the three.' })
export class StepUpProofInput {
  @Field(() => String, { nullable: true, description: 'A one-time code or a recovery code.' })
  code?: string | null;

  @Field(() => WebAuthnJson, { nullable: true, description: 'The answer of navigator.credentials.get() to the options of beginStepUp.' })
  passkey?: unknown;

  @Field(() => String, { nullable: true, description: 'The password: only where there is no second factor.' })
  password?: string | null;
}
