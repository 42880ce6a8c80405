import { Field, ID, Int, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'One version of one resource that was stored.' })
export class AdmittedVersion {
  @Field(() => String)
  resourceType!: string;

  @Field(() => String, { description: 'The FHIR logical id.' })
  id!: string;

  @Field(() => String)
  versionId!: string;

  @Field(() => ID, { nullable: true, description: 'The patient whose record it is; null for a resource of the directory.' })
  patientId?: string | null;
}

@ObjectType({ description: 'The whole bundle was stored, in one transaction.' })
export class Admission {
  @Field(() => [ID], { description: 'The patients that the bundle is about.' })
  patients!: string[];

  @Field(() => Int, { description: 'Resources stored.' })
  resources!: number;

  @Field(() => [AdmittedVersion])
  versions!: AdmittedVersion[];
}
