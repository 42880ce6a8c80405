import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { MessageCount, NetworkStatistics } from '@carecord/network';
import { enumOf } from '../common/enums.ts';
import type { EnumOf } from '../common/enums.ts';

type NetworkHealth = NetworkStatistics['health'];
type MessageDirection = MessageCount['direction'];

export const NetworkHealthEnum: EnumOf<NetworkHealth> = enumOf(['healthy', 'degraded', 'alone', 'off']);
registerEnumType(NetworkHealthEnum, {
  name: 'NetworkHealth',
  description: 'ALONE: nobody is connected. DEGRADED: look-ups fail, or values have fewer copies than they should. OFF: the distributed hash table is switched off.',
});

export const MessageDirectionEnum: EnumOf<MessageDirection> = enumOf(['sent', 'received']);
registerEnumType(MessageDirectionEnum, { name: 'MessageDirection' });

@ObjectType({ description: 'Another node of the network: one that is connected, or that the routing table holds.' })
export class NetworkPeer {
  @Field(() => ID)
  did!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  peerId!: string;

  @Field(() => [String])
  roles!: string[];

  @Field(() => Boolean)
  connected!: boolean;

  @Field(() => String, { nullable: true, description: 'The key agreement of the connection, for example X25519MLKEM768; null without a connection.' })
  group?: string | null;

  @Field(() => String, { nullable: true, description: 'The address of the connection; null without one.' })
  address?: string | null;

  @Field(() => Boolean, { description: 'The connection goes through a relay.' })
  relayed!: boolean;

  @Field(() => GraphQLISODateTime, { nullable: true })
  connectedSince?: Date | null;

  @Field(() => Float, { nullable: true, description: 'Smoothed round trip; null before the first answer.' })
  latencyMilliseconds?: number | null;

  @Field(() => Float, { nullable: true, description: 'The age of the oldest status list on which its membership rests.' })
  statusAgeMilliseconds?: number | null;

  @Field(() => Float, { description: 'From 0 (nothing but failures of late) to 1. What was observed; never a reason to trust what it says.' })
  reputation!: number;

  @Field(() => Boolean)
  inRoutingTable!: boolean;
}

@ObjectType({ description: 'Connected peers first, then by name, as they are now.' })
export class NetworkPeers {
  @Field(() => [NetworkPeer])
  peers!: NetworkPeer[];

  @Field(() => String, { nullable: true })
  nextCursor?: string | null;
}

@ObjectType({ description: 'Messages of one protocol in one direction since the node started.' })
export class ProtocolMessages {
  @Field(() => String)
  protocol!: string;

  @Field(() => MessageDirectionEnum)
  direction!: MessageDirection;

  @Field(() => Float)
  count!: number;

  @Field(() => Float)
  failed!: number;

  @Field(() => Float)
  bytes!: number;
}

@ObjectType({ description: 'How often something happened for one reason.' })
export class ReasonCount {
  @Field(() => String, { description: 'A code.' })
  reason!: string;

  @Field(() => Float)
  count!: number;
}

@ObjectType({ description: 'Values of one kind that this node keeps for the network.' })
export class StoredValues {
  @Field(() => String)
  kind!: string;

  @Field(() => Float)
  count!: number;

  @Field(() => Float)
  bytes!: number;
}

@ObjectType({ description: 'The Kademlia routing table.' })
export class RoutingTableState {
  @Field(() => Int)
  members!: number;

  @Field(() => Int)
  buckets!: number;
}

@ObjectType({ description: 'How many members keep each value.' })
export class ReplicationState {
  @Field(() => Int, { description: 'How many are wanted.' })
  factor!: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When the last repair ended; null before the first.' })
  repairedAt?: Date | null;

  @Field(() => Float, { description: 'Of the values for which this node is responsible: those that had too few copies at the last repair.' })
  underReplicated!: number;

  @Field(() => Float, { description: 'Copies given to members that had none.' })
  handedOver!: number;
}

@ObjectType({ description: 'Look-ups in the distributed hash table.' })
export class LookupState {
  @Field(() => Float)
  count!: number;

  @Field(() => Float)
  failed!: number;

  @Field(() => Float)
  meanHops!: number;

  @Field(() => Float)
  meanMilliseconds!: number;
}

@ObjectType({ description: 'Handshakes with peers that wanted a connection, or that this node wanted one with.' })
export class HandshakeState {
  @Field(() => Float)
  succeeded!: number;

  @Field(() => [ReasonCount])
  refused!: ReasonCount[];
}

@ObjectType({ description: 'Changes of patients on their way into the network.' })
export class PublicationState {
  @Field(() => Int, { description: 'Not seen by the network yet.' })
  waiting!: number;

  @Field(() => Int, { description: 'Failed too often to be tried again: the node’s log says why.' })
  failed!: number;
}

@ObjectType({ description: 'The network as this node sees it. What is counted is counted since the node started.' })
export class NetworkState {
  @Field(() => NetworkHealthEnum)
  health!: NetworkHealth;

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => Int)
  connectedMembers!: number;

  @Field(() => Int)
  connections!: number;

  @Field(() => Int, { description: 'Of these, those through a relay.' })
  relayedConnections!: number;

  @Field(() => RoutingTableState)
  routingTable!: RoutingTableState;

  @Field(() => [ProtocolMessages])
  messages!: ProtocolMessages[];

  @Field(() => [ReasonCount], { description: 'Frames, requests and values that were dropped.' })
  dropped!: ReasonCount[];

  @Field(() => [StoredValues])
  storedValues!: StoredValues[];

  @Field(() => ReplicationState)
  replication!: ReplicationState;

  @Field(() => LookupState)
  lookups!: LookupState;

  @Field(() => HandshakeState)
  handshakes!: HandshakeState;

  @Field(() => PublicationState, { nullable: true, description: 'Null at an authority, which publishes nothing.' })
  publications?: PublicationState | null;
}
