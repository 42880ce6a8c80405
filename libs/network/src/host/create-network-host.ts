import { peerIdFromString } from '@libp2p/peer-id';
import type { Libp2p } from '@libp2p/interface';
import { MembershipEncrypter } from '../encrypter/membership-encrypter.ts';
import { peerKeyFromSeed } from '../encrypter/peer-key.ts';
import type { Member, NetworkHost, NetworkHostOptions } from '../ports.ts';
import { AdvertKind } from '../values/advert.ts';
import { GuardedDatastore } from '../values/guarded-datastore.ts';
import { HighestSeen } from '../values/highest-seen.ts';
import { ReferenceKind } from '../values/reference.ts';
import { StatusListKind } from '../values/status-list-value.ts';
import { ValueRules } from '../values/value-rules.ts';
import { CarecordHost } from './carecord-host.ts';
import { createNode } from './libp2p-node.ts';
import { MemberRegistry } from './member-registry.ts';

/**
 * Puts a host together; it listens and dials from `start()` on.
 * @throws NetworkError `PROTOCOL_TAKEN` or `VALUE_REFUSED` for value kinds that cannot be
 */
export async function createNetworkHost(options: NetworkHostOptions): Promise<NetworkHost> {
  const { local, trust, statuses, histories, datastore, clock, logger } = options;
  // The registry asks the node who is connected, the reference kind asks the host for keys: both exist only further down.
  const late: { node?: Libp2p; host?: CarecordHost } = {};
  const isConnected = (peerId: string): boolean => (late.node?.getConnections(peerIdFromString(peerId)).length ?? 0) > 0;
  const registry = new MemberRegistry({ clock, statuses, isConnected });
  const adverts = new AdvertKind({ trust, statuses, histories, local, clock });
  const references = new ReferenceKind({ keysOf: async (did) => late.host?.keysOf(did), clock });
  const rules = new ValueRules([adverts, references, new StatusListKind({ trust, clock }), ...options.valueKinds], clock);
  const guard = new GuardedDatastore(datastore, rules, new HighestSeen(datastore, clock));
  const peerKey = await peerKeyFromSeed(options.peerSeed);
  const onProven = (member: Member, shown: number): void => {
    registry.prove(member);
    late.host?.shown(member.peerId, shown);
  };
  const encrypter = new MembershipEncrypter({ local, trust, statuses, histories, peerKey, clock, logger, onProven });
  const isMember = (peerId: string): boolean => registry.byPeer(peerId) !== undefined;
  const node = await createNode({ peerKey, listen: options.listen, datastore, dhtDatastore: guard, encrypter, rules, isMember, clock, logger });
  late.node = node;
  late.host = new CarecordHost({ options, node, registry, rules, guard, adverts });
  return late.host;
}
