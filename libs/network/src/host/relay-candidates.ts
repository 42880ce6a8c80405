import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { Libp2p } from '@libp2p/interface';
import type { RelayCandidate } from '../reach/relay-reservations.ts';
import type { Advert } from '../values/advert.ts';

/** What the advert of a member says that relays for others. */
export const RELAY_CAPABILITY = 'relay';

/** Where {@link relaysAmong} looks. */
export interface RelaySources {
  readonly node: Pick<Libp2p, 'peerStore'>;
  /** The DID of a peer that is a member still. */
  readonly memberOf: (peerId: string) => string | undefined;
  /** Adverts that were verified here. */
  readonly advertised: readonly Pick<Advert, 'addresses' | 'capabilities' | 'did'>[];
}

/** Members that say that they relay for others: on their latest connection with us, or in their advert. */
export async function relaysAmong({ node, memberOf, advertised }: RelaySources): Promise<RelayCandidate[]> {
  const met = await node.peerStore.all();
  const bySelf = met.flatMap(({ id, addresses, protocols }): RelayCandidate[] => {
    const did = memberOf(id.toString());
    if (did === undefined || !protocols.includes(RELAY_V2_HOP_CODEC)) return [];
    return [{ did, addresses: addresses.map(({ multiaddr }) => `${multiaddr.toString()}/p2p/${id.toString()}`) }];
  });
  const byAdvert = advertised.filter(({ did, capabilities }) => capabilities.includes(RELAY_CAPABILITY) && !bySelf.some((met) => met.did === did));
  return [...bySelf, ...byAdvert.map(({ did, addresses }) => ({ did, addresses }))];
}
