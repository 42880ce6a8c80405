import { Field, GraphQLISODateTime, ID, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'A program, such as an EHR, that signs in with a key of its own at /oauth/token.' })
export class IntegrationClient {
  @Field(() => ID, { description: 'What the program states as iss and sub of its assertions.' })
  clientId!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ID, { description: 'The account in whose name it acts: so it appears in the audit log.' })
  staffId!: string;

  @Field(() => Boolean, { description: 'It gets no more tokens.' })
  disabled!: boolean;

  @Field(() => [String], { description: 'The names (kid) of its public keys.' })
  keyIds!: string[];

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;
}

@ObjectType({ description: 'The registered programs, oldest first.' })
export class IntegrationClientList {
  @Field(() => [IntegrationClient])
  clients!: IntegrationClient[];
}
