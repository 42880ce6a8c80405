import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from '@nestjs/graphql';
import type { PurposeOfUse } from '@carecord/fhir';
import { ConsentDecisionEnum, PurposeEnum } from '../common/enums.ts';
import { FhirJson } from '../common/fhir-json.ts';

@InputType({ description: 'What a patient says about one other hospital.' })
export class ConsentInput {
  @Field(() => ID)
  patientId!: string;

  @Field(() => ID, { description: 'The hospital that it is about.' })
  recipientDid!: string;

  @Field(() => String, { description: 'The name under which the patient knows it.' })
  recipientName!: string;

  @Field(() => [PurposeEnum])
  purposes!: PurposeOfUse[];

  @Field(() => [String], { nullable: true, description: 'FHIR resource types; if not given, all.' })
  resourceTypes?: string[] | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'If not given, from now on.' })
  validFrom?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'If not given, for one year.' })
  validUntil?: Date | null;

  @Field(() => ConsentDecisionEnum, { nullable: true, description: 'If not given, PERMIT.' })
  decision?: 'permit' | 'deny' | null;
}

@ObjectType({ description: 'A consent of a patient of this hospital.' })
export class PatientConsent {
  @Field(() => ID, { description: 'Names the consent when it is withdrawn.' })
  consentId!: string;

  @Field(() => ID)
  patientId!: string;

  @Field(() => String, { description: "The FHIR status: 'active' is in force within its period." })
  status!: string;

  @Field(() => FhirJson, { description: 'The current Consent resource.' })
  resource!: unknown;
}

@ObjectType({ description: 'The consents of a patient, withdrawn ones among them.' })
export class PatientConsents {
  @Field(() => [PatientConsent])
  consents!: PatientConsent[];
}
