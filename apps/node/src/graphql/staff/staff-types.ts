import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import type { StaffRole } from '../../authorisation/roles.ts';
import { StaffRoleEnum } from '../common/enums.ts';

@ObjectType({ description: 'An account, as an administrator sees it.' })
export class StaffAccountEntry {
  @Field(() => ID, { description: 'Stands for the person in the audit trail.' })
  id!: string;

  @Field(() => String)
  username!: string;

  @Field(() => StaffRoleEnum, { nullable: true, description: 'Null: a role that this version does not know; the account may do nothing.' })
  role?: StaffRole | null;

  @Field(() => Boolean)
  disabled!: boolean;

  @Field(() => Boolean, { description: 'Whether there is a password of this node; others sign in by passkey, at the OpenID provider, or with a key.' })
  hasPassword!: boolean;

  @Field(() => Boolean, { description: 'The person has not yet set an own password.' })
  passwordExpired!: boolean;

  @Field(() => Boolean, { description: 'Whether one-time codes are asked for.' })
  hasTotp!: boolean;

  @Field(() => Int, { description: 'How many passkeys there are.' })
  passkeys!: number;
}

@ObjectType({ description: 'Accounts by user name.' })
export class StaffList {
  @Field(() => [StaffAccountEntry])
  accounts!: StaffAccountEntry[];

  @Field(() => String, { nullable: true, description: 'For the next page; null on the last one.' })
  nextCursor?: string | null;
}

@ObjectType({ description: 'A password that serves once, to set an own one. It is shown this once.' })
export class InitialPassword {
  @Field(() => ID)
  staffId!: string;

  @Field(() => String)
  username!: string;

  @Field(() => String)
  initialPassword!: string;
}
