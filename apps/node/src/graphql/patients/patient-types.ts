import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import type { Listing } from '@carecord/core';
import { ListingEnum } from '../common/enums.ts';
import { FhirJson } from '../common/fhir-json.ts';

@ObjectType({ description: 'Patients of this hospital who have the identifier: usually one or none.' })
export class PatientMatches {
  @Field(() => [ID])
  patientIds!: string[];
}

@ObjectType({ description: 'A patient of this hospital.' })
export class Patient {
  @Field(() => ID)
  id!: string;

  @Field(() => ListingEnum)
  listing!: Listing;

  @Field(() => FhirJson, { description: 'The current Patient resource.' })
  resource!: unknown;
}

@ObjectType({ description: 'One opened resource.' })
export class OpenedResource {
  @Field(() => ID)
  recordId!: string;

  @Field(() => Int)
  versionNumber!: number;

  @Field(() => String)
  resourceType!: string;

  @Field(() => String, { nullable: true, description: 'When it happened, as FHIR writes it: from a year to a second.' })
  clinicalDate?: string | null;

  @Field(() => FhirJson)
  resource!: unknown;
}

@ObjectType({ description: "A page of a patient's records, newest first." })
export class Timeline {
  @Field(() => [OpenedResource])
  records!: OpenedResource[];

  @Field(() => Int, { description: 'Records in all.' })
  total!: number;

  @Field(() => String, { nullable: true, description: 'For the next page; null on the last.' })
  nextCursor?: string | null;
}

@ObjectType({ description: 'Whether the patient is listed now.' })
export class ListingChange {
  @Field(() => ID)
  patientId!: string;

  @Field(() => ListingEnum)
  listing!: Listing;
}
