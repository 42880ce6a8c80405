import { Inject } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import type { NetworkHost } from '@carecord/network';
import { Requires } from '../../authorisation/requires.ts';
import { NETWORK } from '../../composition/tokens.ts';
import { NodeStatus } from '../../status/node-status.ts';
import { resultUnion } from '../common/result-union.ts';
import { ConnectedHospitals, NodeState } from './node-types.ts';

const MembersResult = resultUnion('MembersResult', ConnectedHospitals);
const NodeStatusResult = resultUnion('NodeStatusResult', NodeState);

@Resolver()
export class NodeResolver {
  constructor(
    private readonly status: NodeStatus,
    @Inject(NETWORK) private readonly network: Pick<NetworkHost, 'members'>,
  ) {}

  @Requires('members.read')
  @Query(() => MembersResult, { description: 'The other hospitals of the network that this node is connected with now.' })
  members(): ConnectedHospitals {
    const hospitals = new Map(
      this.network
        .members()
        .filter(({ roles }) => roles.includes('hospital'))
        .map(({ did, name }) => [did, { did, name }]),
    );
    return { hospitals: [...hospitals.values()] };
  }

  @Requires('node.status')
  @Query(() => NodeStatusResult, { description: 'The state of this node.' })
  async nodeStatus(): Promise<NodeState> {
    return await this.status.read();
  }
}
