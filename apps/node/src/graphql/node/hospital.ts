import { Field, ID, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'A hospital: it is its DID.' })
export class Hospital {
  @Field(() => ID)
  did!: string;

  @Field(() => String)
  name!: string;
}
