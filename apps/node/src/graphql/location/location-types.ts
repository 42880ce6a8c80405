import { Field, GraphQLISODateTime, ID, ObjectType } from '@nestjs/graphql';
import { Hospital } from '../node/hospital.ts';

@ObjectType({ description: 'Where a patient has records, as far as this hospital may know.' })
export class PatientLocation {
  @Field(() => ID, { description: 'Names the result in an access request of the same staff member.' })
  locationId!: string;

  @Field(() => [Hospital], { description: 'Hospitals that list the patient. Another one can be asked by its DID.' })
  holders!: Hospital[];

  @Field(() => Boolean, { description: 'Whether a part of the network could not be asked: there may be more.' })
  incomplete!: boolean;

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;
}
