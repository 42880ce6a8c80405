import { Field, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { WebAuthnJson } from './web-authn-json.ts';

@ObjectType({ description: 'A passkey of the person who asks.' })
export class OwnPasskey {
  @Field(() => ID, { description: 'The WebAuthn credential id, base64url.' })
  id!: string;

  @Field(() => String)
  label!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  lastUsedAt?: Date | null;
}

@ObjectType({ description: 'The second factors of the person who asks.' })
export class OwnSecondFactors {
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Since when one-time codes are asked for; null: they are not.' })
  totpSince?: Date | null;

  @Field(() => [OwnPasskey])
  passkeys!: OwnPasskey[];

  @Field(() => Int)
  recoveryCodesLeft!: number;
}

@ObjectType({ description: 'What an authenticator app needs. It is shown this once, and in use when confirmTotp has seen a code.' })
export class TotpEnrolment {
  @Field(() => String, { description: 'Base 32, to be typed in.' })
  secret!: string;

  @Field(() => String, { description: 'The otpauth:// address, to be shown as a QR code.' })
  uri!: string;
}

@ObjectType({ description: 'Codes for when the second factor is lost: each works once. They are shown this once; older ones work no more.' })
export class RecoveryCodes {
  @Field(() => [String])
  codes!: string[];
}

@ObjectType({ description: 'The beginning of the registration of a passkey.' })
export class PasskeyRegistration {
  @Field(() => WebAuthnJson, { description: 'For navigator.credentials.create(): its answer goes to finishPasskeyRegistration, within five minutes.' })
  options!: unknown;
}

@ObjectType({ description: "The person's own account was changed." })
export class OwnAccountChanged {
  @Field(() => Boolean)
  done!: boolean;
}
