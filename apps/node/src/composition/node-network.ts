import type { LocalMember, ResolvedDid } from '@carecord/identity';
import { pointerKind } from '@carecord/locator';
import { createNetworkHost } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import type { Configuration } from '../config/configuration.ts';
import type { Foundation } from './foundation.ts';

/** Makes the node's network host. Whoever answers messages registers with it before it is started. */
export function createNodeNetwork(
  { peerToPeer }: Pick<Configuration, 'peerToPeer'>,
  { clock, logger, storage, identity }: Foundation,
  { local, authority, bootstrap }: { readonly local: LocalMember; readonly authority: ResolvedDid; readonly bootstrap: readonly string[] },
): Promise<NetworkHost> {
  return createNetworkHost({
    local,
    authority,
    peerSeed: identity.seeds.peer,
    listen: peerToPeer.listen,
    bootstrap: [...new Set([...peerToPeer.bootstrap, ...bootstrap])],
    valueKinds: [pointerKind],
    datastore: storage.datastore,
    clock,
    logger,
  });
}

/** Starts a network host, which stops with the node. */
export async function startNodeNetwork(network: NetworkHost, { closers }: Pick<Foundation, 'closers'>): Promise<void> {
  await network.start();
  closers.add('network', () => network.stop());
}
