import { Field, GraphQLISODateTime, ID, ObjectType } from '@nestjs/graphql';
import type { StaffRole } from '../../authorisation/roles.ts';
import { StaffRoleEnum } from '../common/enums.ts';
import { Hospital } from '../node/hospital.ts';

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

@ObjectType({ description: 'The session has ended.' })
export class SignedOut {
  @Field(() => Boolean)
  done!: boolean;
}
