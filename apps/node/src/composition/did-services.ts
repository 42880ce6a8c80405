import type { DidService } from '@carecord/identity';
import { canBeTold, isLoopbackPeerAddress, parsePeerAddress } from '../config/addresses.ts';
import type { Configuration } from '../config/configuration.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';

/** What a hospital's DID document says about where it is: what the operator configured to be reached from outside. */
export function hospitalDidServices({ publicUrl, peerToPeer }: Pick<Configuration, 'publicUrl' | 'peerToPeer'>): readonly DidService[] {
  const graphql: DidService[] = publicUrl === undefined ? [] : [{ type: 'CarecordGraphQL', endpoint: publicUrl + GRAPHQL_PATH }];
  return [...graphql, ...peerServices(peerToPeer)];
}

/** The same of an authority: `carecord network create` reads from it what goes into the network file. */
export function authorityDidServices(
  { publicUrl, peerToPeer }: Pick<Configuration, 'publicUrl' | 'peerToPeer'>,
  keys: { readonly witness: string },
): readonly DidService[] {
  const office: DidService[] = publicUrl === undefined ? [] : [{ type: 'CarecordAuthority', endpoint: publicUrl }];
  return [
    ...office,
    { type: 'CarecordWitness', endpoint: keys.witness },
    ...peerServices(peerToPeer),
  ];
}

const PEER = 'CarecordPeer';

/**
 * Whether two lists say the same of the hospital. Peer addresses do not count: each replica has its own, and would write a version
 * at each start; they are brought up to date with the next rotation, and adverts always have the present ones.
 */
export function sameServices(one: readonly DidService[], other: readonly DidService[]): boolean {
  const text = (services: readonly DidService[]): string => services.filter(({ type }) => type !== PEER).map(({ type, endpoint }) => `${type} ${endpoint}`).sort().join('\n');
  return text(one) === text(other);
}

/** Where the node can be dialled for good; the places that it has at relays change, and stand in its adverts alone. */
function peerServices({ listen, announce, behindFirewall }: Configuration['peerToPeer']): readonly DidService[] {
  const own = behindFirewall || announce.onlyThese ? [] : listen;
  return [...announce.addresses, ...own].filter(isForOthers).map((endpoint) => ({ type: PEER, endpoint }));
}

/** Whether an address means something to others: one of one's own, with a port that stays. */
function isForOthers(address: string): boolean {
  const parsed = parsePeerAddress(address);
  return parsed !== undefined && canBeTold(parsed) && !isLoopbackPeerAddress(parsed);
}
