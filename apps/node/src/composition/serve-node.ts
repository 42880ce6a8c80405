import type { DynamicModule } from '@nestjs/common';
import type { NetworkHost } from '@carecord/network';
import type { Configuration } from '../config/configuration.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { listen } from '../http/listen.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import type { Foundation } from './foundation.ts';
import type { HttpBasics } from './http-module.ts';
import type { NetworkParts } from './network-parts.ts';
import { readinessParts } from './readiness-parts.ts';

/** What the HTTP side of a node is made of. */
export interface ServedNode {
  readonly parts: NetworkParts;
  readonly maxBodyBytes: number;
  makeModule(basics: Omit<HttpBasics, 'authenticator'>): DynamicModule;
}

/** The HTTP side of a node, listening. */
export interface ServedHttp {
  /** Base address, e.g. `http://127.0.0.1:4101`. */
  readonly address: string;
  readonly readiness: Readiness;
}

/** Starts the HTTP side of a node. From now on it answers everybody; it is ready once its network host runs. */
export async function serveHttp(configuration: Pick<Configuration, 'http' | 'demo' | 'trustedProxies'>, foundation: Foundation, served: ServedNode): Promise<ServedHttp> {
  const { clock, logger, pino, closers, storage, holder } = foundation;
  const { parts, maxBodyBytes } = served;
  const readiness = new Readiness(readinessParts({ storage, holder, membership: parts.membership, statuses: parts.statuses, network: () => parts.late.host, guardians: () => parts.late.guardians, clock }), logger);
  const application = await createApplication(served.makeModule({ readiness, logger, pino }), { logger, maxBodyBytes, trustedProxies: configuration.trustedProxies });
  closers.add('http', () => application.close());
  const address = await listen(application, { ...configuration.http, anotherIfBusy: configuration.demo, logger });
  parts.late.address = address;
  return { address, readiness };
}

/** A node whose HTTP side and network host run. */
export function runningNode(
  { name }: Pick<Configuration, 'name'>,
  { closers }: Pick<Foundation, 'closers'>,
  node: { readonly did: string; readonly http: ServedHttp; readonly network: NetworkHost; readonly graphqlPath: string },
): RunningNode {
  const { did, http, network, graphqlPath } = node;
  return {
    name,
    did,
    peerId: network.peerId,
    http: http.address,
    graphql: http.address + graphqlPath,
    p2p: network.addresses(),
    stop: () => {
      http.readiness.beginStopping();
      return closers.close();
    },
  };
}
