import { Field, InputType, Int } from '@nestjs/graphql';

@InputType({ description: 'A business identifier of a patient, as in FHIR: a national number, an insurance number, a record number.' })
export class IdentifierInput {
  @Field(() => String, { description: 'The namespace, usually a URI.' })
  system!: string;

  @Field(() => String)
  value!: string;
}

@InputType({ description: 'Which part of a list to show.' })
export class PageInput {
  @Field(() => Int, { nullable: true, description: 'Entries at the most: 1 to 500, 100 if not given.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'The nextCursor of the page before.' })
  after?: string | null;
}
