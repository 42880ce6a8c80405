import type { DynamicModule } from '@nestjs/common';
import type { NetworkHost } from '@carecord/network';
import type { Configuration } from '../config/configuration.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { listen } from '../http/listen.ts';
import { keyFilePath } from '../identity/key-file.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import type { Foundation } from './foundation.ts';
import type { HttpBasics } from './http-module.ts';
import { readinessParts } from './readiness-parts.ts';

/** What the HTTP side of a node is made of. */
export interface ServedNode {
  readonly network: NetworkHost;
  readonly membershipValidUntil: Date;
  readonly maxBodyBytes: number;
  /** Where GraphQL is, if there is any. */
  readonly graphqlPath?: string;
  makeModule(basics: Omit<HttpBasics, 'authenticator'>): DynamicModule;
}

/** Starts the HTTP side of a node whose network host runs. From now on the node answers everybody. */
export async function serveNode(configuration: Configuration, foundation: Foundation, served: ServedNode): Promise<RunningNode> {
  const { clock, logger, pino, closers, storage, identity } = foundation;
  const { network, membershipValidUntil, maxBodyBytes, graphqlPath } = served;
  const keyFile = keyFilePath(configuration.dataDirectory);
  const readiness = new Readiness(readinessParts({ storage, keyFile, membershipValidUntil, network, clock }), logger);
  const application = await createApplication(served.makeModule({ readiness, logger, pino }), { logger, maxBodyBytes });
  closers.add('http', () => application.close());
  const http = await listen(application, { ...configuration.http, anotherIfBusy: configuration.demo, logger });
  return {
    name: configuration.name,
    did: identity.resolved.did,
    peerId: network.peerId,
    http,
    ...(graphqlPath === undefined ? {} : { graphql: http + graphqlPath }),
    p2p: network.addresses(),
    stop: () => {
      readiness.beginStopping();
      return closers.close();
    },
  };
}
