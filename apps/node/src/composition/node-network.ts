import { pointerKind } from '@carecord/locator';
import { createNetworkHost } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import type { Configuration } from '../config/configuration.ts';
import { ensurePeerSeed } from '../identity/peer-key.ts';
import type { Foundation } from './foundation.ts';
import type { NetworkParts } from './network-parts.ts';

/** Makes the node's network host. Whoever answers messages registers with it before it is started. */
export async function createNodeNetwork(
  { peerToPeer, dataDirectory }: Pick<Configuration, 'dataDirectory' | 'peerToPeer'>,
  { clock, logger, storage, holder }: Foundation,
  { identity, trust, statuses, histories, late }: NetworkParts,
  bootstrap: readonly string[],
): Promise<NetworkHost> {
  late.host = await createNetworkHost({
    local: identity,
    trust,
    statuses,
    histories,
    peerSeed: await ensurePeerSeed(dataDirectory, holder, logger),
    ...peerToPeer,
    bootstrap: [...new Set([...peerToPeer.bootstrap, ...bootstrap])],
    valueKinds: [pointerKind],
    datastore: storage.datastore,
    values: storage.dhtValues,
    clock,
    logger,
  });
  return late.host;
}

/** Starts a network host, which stops with the node. */
export async function startNodeNetwork(network: NetworkHost, { closers }: Pick<Foundation, 'closers'>): Promise<void> {
  await network.start();
  closers.add('network', () => network.stop());
}
