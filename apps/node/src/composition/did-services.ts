import type { DidService } from '@carecord/identity';
import type { Configuration } from '../config/configuration.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';

/** Multiaddrs that mean something to others: an address of one's own to listen on, with a port that stays. */
const REACHABLE = /^\/(?:ip4\/(?!0\.0\.0\.0\/|127\.)|ip6\/(?!::\/|::1\/)|dns[46]?\/)[^/]+\/tcp\/(?!0$)\d+$/;

/** What a hospital's DID document says about where it is: what the operator configured to be reached from outside. */
export function hospitalDidServices({ publicUrl, peerToPeer }: Pick<Configuration, 'publicUrl' | 'peerToPeer'>): readonly DidService[] {
  const graphql: DidService[] = publicUrl === undefined ? [] : [{ type: 'CarecordGraphQL', endpoint: publicUrl + GRAPHQL_PATH }];
  return [...graphql, ...peerServices(peerToPeer.listen)];
}

/** The same of an authority: `carecord network create` reads from it what goes into the network file. */
export function authorityDidServices(
  { publicUrl, peerToPeer }: Pick<Configuration, 'publicUrl' | 'peerToPeer'>,
  keys: { readonly witness: string; readonly guardianPublicKey: string },
): readonly DidService[] {
  const office: DidService[] = publicUrl === undefined ? [] : [{ type: 'CarecordAuthority', endpoint: publicUrl }];
  return [
    ...office,
    { type: 'CarecordWitness', endpoint: keys.witness },
    { type: 'CarecordGuardian', endpoint: `urn:carecord:guardian:${keys.guardianPublicKey}` },
    ...peerServices(peerToPeer.listen),
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

function peerServices(listen: readonly string[]): readonly DidService[] {
  return listen.filter((address) => REACHABLE.test(address)).map((endpoint) => ({ type: PEER, endpoint }));
}
