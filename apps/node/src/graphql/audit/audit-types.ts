import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { AuditActorKind, AuditEventType, AuditOutcome } from '@carecord/audit';
import { AuditActorKindEnum, AuditEventTypeEnum, AuditOutcomeEnum } from '../common/enums.ts';

@InputType({ description: 'Which events to show; all conditions must hold.' })
export class AuditFilterInput {
  @Field(() => ID, { nullable: true })
  patientId?: string | null;

  @Field(() => ID, { nullable: true })
  requestId?: string | null;

  @Field(() => [AuditEventTypeEnum], { nullable: true })
  types?: AuditEventType[] | null;
}

@ObjectType({ description: 'Who did it.' })
export class AuditActorInfo {
  @Field(() => AuditActorKindEnum)
  kind!: AuditActorKind;

  @Field(() => String, { description: 'Staff id, DID or name of a service.' })
  id!: string;

  @Field(() => String, { nullable: true })
  role?: string | null;
}

@ObjectType({ description: 'A plain value that explains an event.' })
export class AuditDetailEntry {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  value!: string;
}

@ObjectType({ description: 'One event of the audit log.' })
export class AuditTrailEvent {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'Position in the log, without gaps.' })
  sequence!: number;

  @Field(() => GraphQLISODateTime)
  recordedAt!: Date;

  @Field(() => AuditEventTypeEnum)
  type!: AuditEventType;

  @Field(() => AuditOutcomeEnum)
  outcome!: AuditOutcome;

  @Field(() => AuditActorInfo)
  actor!: AuditActorInfo;

  @Field(() => ID, { nullable: true })
  patientId?: string | null;

  @Field(() => ID, { nullable: true })
  requestId?: string | null;

  @Field(() => String, { nullable: true, description: 'DID of the other hospital.' })
  counterparty?: string | null;

  @Field(() => String, { nullable: true })
  purpose?: string | null;

  @Field(() => String, { nullable: true, description: 'Why it was refused or failed.' })
  reasonCode?: string | null;

  @Field(() => [AuditDetailEntry])
  detail!: AuditDetailEntry[];

  @Field(() => String, { description: 'Hash of the event, hexadecimal: each covers the one before.' })
  hash!: string;
}

@ObjectType({ description: 'A page of the audit log, newest first.' })
export class AuditTrail {
  @Field(() => [AuditTrailEvent])
  events!: AuditTrailEvent[];

  @Field(() => String, { nullable: true, description: 'For the next page; null on the last.' })
  nextCursor?: string | null;
}
