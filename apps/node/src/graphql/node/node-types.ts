import { Field, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { Hospital } from './hospital.ts';

@ObjectType({ description: 'Values of one kind that this node keeps for the network.' })
export class DhtKindCount {
  @Field(() => String)
  kind!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType({ description: 'The state of this node.' })
export class NodeState {
  @Field(() => ID)
  did!: string;

  @Field(() => String)
  peerId!: string;

  @Field(() => [String], { description: 'libp2p addresses.' })
  addresses!: string[];

  @Field(() => String)
  networkId!: string;

  @Field(() => GraphQLISODateTime)
  membershipValidUntil!: Date;

  @Field(() => Int)
  connectedMembers!: number;

  @Field(() => Int, { description: 'Changes that the network has not seen yet.' })
  pendingPublications!: number;

  @Field(() => Int, { description: 'Changes that failed too often to be tried again.' })
  failedPublications!: number;

  @Field(() => [DhtKindCount])
  dhtValues!: DhtKindCount[];
}

@ObjectType({ description: 'The other hospitals of the network that this node is connected with now.' })
export class ConnectedHospitals {
  @Field(() => [Hospital])
  hospitals!: Hospital[];
}
