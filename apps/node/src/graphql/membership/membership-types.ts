import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { MEMBERSHIP_STATES } from '@carecord/storage';
import type { MembershipState } from '@carecord/storage';
import { enumOf } from '../common/enums.ts';
import type { EnumOf } from '../common/enums.ts';

export const MembershipStateEnum: EnumOf<MembershipState> = enumOf(MEMBERSHIP_STATES);
registerEnumType(MembershipStateEnum, { name: 'MembershipState', description: 'Where a hospital stands with this authority.' });

@ObjectType({ description: 'A hospital that applied for membership.' })
export class MembershipEntry {
  @Field(() => ID)
  did!: string;

  @Field(() => String, { description: 'The name that it gave; whoever admits it vouches for it.' })
  name!: string;

  @Field(() => MembershipStateEnum)
  state!: MembershipState;

  @Field(() => Int, { nullable: true, description: 'Its place in the status list, from its admission on.' })
  statusIndex?: number | null;

  @Field(() => GraphQLISODateTime)
  appliedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  decidedAt?: Date | null;

  @Field(() => ID, { nullable: true, description: 'The staff member who decided; none where a ticket did.' })
  decidedBy?: string | null;

  @Field(() => String, { nullable: true })
  reasonCode?: string | null;
}

@ObjectType({ description: 'Hospitals, the oldest application first.' })
export class MembershipEntries {
  @Field(() => [MembershipEntry])
  entries!: MembershipEntry[];

  @Field(() => String, { nullable: true, description: 'Give it as `after` for the next page; null at the end.' })
  nextCursor?: string | null;
}

@ObjectType({ description: 'A one-time permission to be admitted without a further look.' })
export class AdmissionTicket {
  @Field(() => String, { description: 'Give it to the hospital over a way that you trust. It is shown this once.' })
  ticket!: string;

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;
}

@InputType({ description: 'For whom a ticket is.' })
export class AdmissionTicketInput {
  @Field(() => String, { description: 'The organisation that may use it, by the name that it will apply with.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'Days until it is over; 30 if not given.' })
  validForDays?: number | null;
}
