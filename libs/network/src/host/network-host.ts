import { peerIdFromString } from '@libp2p/peer-id';
import type { Libp2p } from '@libp2p/interface';
import { MembershipEncrypter } from '../encrypter/membership-encrypter.ts';
import { peerKeyFromSeed } from '../encrypter/peer-key.ts';
import { NetworkCounters } from '../health/network-counters.ts';
import { Reputations } from '../health/reputations.ts';
import type { Member, NetworkHost, NetworkHostOptions } from '../ports.ts';
import { Reach } from '../reach/reach-service.ts';
import { AdvertKind } from '../values/advert.ts';
import { CheckpointKind } from '../values/checkpoint.ts';
import { ReferenceKind } from '../values/reference.ts';
import { StatusListKind } from '../values/status-list-value.ts';
import { ValueRules } from '../values/value-rules.ts';
import { CarecordHost } from './carecord-host.ts';
import { createNode } from './libp2p-node.ts';
import { MemberRegistry } from './member-registry.ts';

/**
 * Puts the parts of a host together.
 * @throws NetworkError `PROTOCOL_TAKEN` or `VALUE_REFUSED` for value kinds that cannot be; `ADDRESS_INVALID` for addresses that cannot be used
 */
export async function assembleNetworkHost(options: NetworkHostOptions): Promise<NetworkHost> {
  const { local, trust, statuses, histories, datastore, listen, clock, logger } = options;
  // The registry asks the node who is connected, the reference kind asks the host for keys: both exist only further down.
  const late: { node?: Libp2p; host?: CarecordHost } = {};
  const isConnected = (peerId: string): boolean => (late.node?.getConnections(peerIdFromString(peerId)).length ?? 0) > 0;
  const registry = new MemberRegistry({ clock, statuses, isConnected });
  const adverts = new AdvertKind({ trust, statuses, histories, local, clock });
  const byKnownKeys = { keysOf: async (did: string) => late.host?.keysOf(did), clock };
  const rules = new ValueRules([adverts, new ReferenceKind(byKnownKeys), new StatusListKind({ trust, clock }), new CheckpointKind(byKnownKeys), ...options.valueKinds], clock);
  const [reputations, counters] = [new Reputations(clock), new NetworkCounters()];
  const peerKey = await peerKeyFromSeed(options.peerSeed);
  const onProven = (member: Member, shown: number): void => {
    counters.handshake({ ok: true });
    registry.prove(member);
    late.host?.shown(member.peerId, shown);
  };
  const onRefused = (code: string): void => counters.handshake({ ok: false, code });
  const encrypter = new MembershipEncrypter({ local, trust, statuses, histories, peerKey, clock, logger, onProven, onRefused });
  const reach = new Reach({
    ...options,
    networkId: local.networkId,
    memberOf: (peerId) => registry.byPeer(peerId)?.did,
    securityOf: (connection) => encrypter.secured.of(connection),
    relayCandidates: () => late.host?.relayCandidates() ?? Promise.resolve([]),
    onAddressesChanged: () => late.host?.addressesChanged(),
  });
  const node = await createNode({ peerKey, listen, datastore, encrypter, reach });
  late.node = node;
  late.host = new CarecordHost({ options, node, registry, rules, adverts, reputations, counters });
  return late.host;
}
