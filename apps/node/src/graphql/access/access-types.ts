import { Field, GraphQLISODateTime, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { PurposeOfUse } from '@carecord/fhir';
import type { ReferralDecision, SentState } from '@carecord/exchange';
import { enumOf, PurposeEnum } from '../common/enums.ts';
import type { EnumOf } from '../common/enums.ts';
import { OpenedResource } from '../patients/patient-types.ts';

const SentStateEnum: EnumOf<SentState> = enumOf(['asked', 'referred', 'released', 'refused', 'failed', 'expired']);
registerEnumType(SentStateEnum, { name: 'SentRequestState', description: 'REFERRED: a person at the other hospital decides. FAILED: no answer that holds.' });

const ReferralStateEnum: EnumOf<ReferralDecision['state']> = enumOf(['permitted', 'denied']);
registerEnumType(ReferralStateEnum, { name: 'ReferralState' });

@InputType({ description: 'A question to another hospital.' })
export class AccessRequestInput {
  @Field(() => ID, { description: 'The patient: the result of a look-up by the same staff member.' })
  locationId!: string;

  @Field(() => ID, { description: 'The hospital to ask.' })
  holderDid!: string;

  @Field(() => PurposeEnum)
  purpose!: PurposeOfUse;

  @Field(() => String, { description: 'Why, in a sentence: 1 to 500 characters. The other hospital keeps it sealed.' })
  reason!: string;

  @Field(() => [String], { nullable: true, description: 'FHIR resource types; if not given, all.' })
  resourceTypes?: string[] | null;
}

@ObjectType({ description: 'What became of a question.' })
export class AccessRequestOutcome {
  @Field(() => ID)
  requestId!: string;

  @Field(() => SentStateEnum)
  state!: SentState;

  @Field(() => String, { nullable: true, description: 'When refused: NOT_AVAILABLE is all that another hospital says about a patient.' })
  refusalCode?: string | null;
}

@ObjectType({ description: 'A question that the signed-in staff member asked.' })
export class SentAccessRequest {
  @Field(() => ID)
  requestId!: string;

  @Field(() => ID)
  holderDid!: string;

  @Field(() => SentStateEnum)
  state!: SentState;

  @Field(() => PurposeEnum)
  purpose!: PurposeOfUse;

  @Field(() => String)
  reason!: string;

  @Field(() => [String], { nullable: true })
  resourceTypes?: readonly string[] | null;

  @Field(() => String, { nullable: true })
  outcomeCode?: string | null;

  @Field(() => GraphQLISODateTime)
  askedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When the present state ends by itself.' })
  deadline!: Date;
}

@ObjectType({ description: 'Newest first.' })
export class SentAccessRequests {
  @Field(() => [SentAccessRequest])
  requests!: SentAccessRequest[];
}

@ObjectType({ description: 'A question of another hospital that a person here decides.' })
export class ReceivedAccessRequest {
  @Field(() => ID)
  requestId!: string;

  @Field(() => ID)
  requesterDid!: string;

  @Field(() => ID)
  patientId!: string;

  @Field(() => PurposeEnum)
  purpose!: PurposeOfUse;

  @Field(() => String, { description: 'The role that the asking hospital vouches for.' })
  role!: string;

  @Field(() => String, { description: 'Stands for the asking staff member.' })
  staffPseudonym!: string;

  @Field(() => String)
  reason!: string;

  @Field(() => String, { description: 'Why a person has to decide; MATCHED_BY_DEMOGRAPHICS: the patient was named by name and birth date, which others may share.' })
  reasonCode!: string;

  @Field(() => [String], { nullable: true })
  resourceTypes?: readonly string[] | null;

  @Field(() => GraphQLISODateTime)
  receivedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Until when it can be decided.' })
  lapsesAt!: Date;
}

@ObjectType({ description: 'What waits for a decision, newest first.' })
export class ReceivedAccessRequests {
  @Field(() => [ReceivedAccessRequest])
  requests!: ReceivedAccessRequest[];
}

@ObjectType({ description: 'What was decided. A permission that the consents no longer give has become a denial.' })
export class DecidedAccessRequest {
  @Field(() => ID)
  requestId!: string;

  @Field(() => ReferralStateEnum)
  state!: ReferralDecision['state'];

  @Field(() => String)
  reasonCode!: string;
}

@ObjectType({ description: 'Records that another hospital released, opened for the staff member who asked; newest first.' })
export class ReleasedRecords {
  @Field(() => [OpenedResource])
  records!: OpenedResource[];
}
