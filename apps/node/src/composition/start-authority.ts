import { later, RateLimiter } from '@carecord/core';
import type { Rate } from '@carecord/core';
import { issueNetworkDescription } from '@carecord/identity';
import type { LocalMember } from '@carecord/identity';
import { Guardian, guardianKeys, pointerKind } from '@carecord/locator';
import { createNetworkHost } from '@carecord/network';
import { MEMBERSHIP_MILLISECONDS, MembershipOffice } from '../authority/membership-office.ts';
import { PublishedNetwork } from '../authority/published-network.ts';
import type { Authenticator } from '../authorisation/authenticator.ts';
import type { AuthorityConfiguration } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import { listen } from '../http/listen.ts';
import { keyFilePath } from '../identity/key-file.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { derivedKeys } from './derived-keys.ts';
import type { Foundation } from './foundation.ts';
import { authorityModule } from './http-modules.ts';
import { readinessParts } from './readiness-parts.ts';
import { ADMISSION_LIMITER } from './tokens.ts';

/** The first and so far only epoch of pointers: changing it makes every pointer anew. */
const POINTER_EPOCH = 1;
/** A hospital applies once, and a few times more when something is wrong. */
const ADMISSION_RATE: Rate = { burst: 20, perSecond: 0.2 };

/** Nobody signs in at an authority. */
const nobody: Authenticator = {
  authenticate: () => Promise.reject(new NodeError('UNAUTHENTICATED', 'An authority has no staff accounts.')),
};

/** Brings an authority up: it admits hospitals over HTTP, and on the network it is the guardian of the blinded look-up. */
export async function startAuthority(configuration: AuthorityConfiguration, foundation: Foundation): Promise<RunningNode> {
  const { clock, logger, pino, closers, storage, identity, audit } = foundation;
  const { networkId, name } = configuration;
  const { resolved, signer, seeds } = identity;
  const oprfSecret = derivedKeys(seeds).guardianOprf;

  const office = new MembershipOffice({ identity, networkId, tickets: storage.tickets, transactions: storage.transactions, audit, clock });
  await office.openTickets(configuration.demoTickets);
  const credential = await office.credentialFor(resolved.did, name, ['authority', 'guardian']);
  const membershipValidUntil = later(clock.now(), MEMBERSHIP_MILLISECONDS);
  const description = await issueNetworkDescription({
    issuer: resolved,
    signer,
    description: { networkId, authority: resolved.did, guardian: resolved.did, guardianPublicKey: guardianKeys(oprfSecret).publicKey, epoch: POINTER_EPOCH },
  });

  const local: LocalMember = { networkId, resolved, credential, signer };
  const network = await createNetworkHost({
    local,
    authority: resolved,
    peerSeed: seeds.peer,
    listen: configuration.peerToPeer.listen,
    bootstrap: configuration.peerToPeer.bootstrap,
    valueKinds: [pointerKind],
    datastore: storage.datastore,
    clock,
    logger,
  });
  new Guardian({ oprfSecret, network, audit, transactions: storage.transactions, clock }).start();
  await network.start();
  closers.add('network', () => network.stop());

  const readiness = new Readiness(readinessParts({ storage, keyFile: keyFilePath(configuration.dataDirectory), membershipValidUntil, network, clock }), logger);
  const published = new PublishedNetwork(resolved.log, description, () => network.addresses());
  const module = authorityModule({ authenticator: nobody, readiness, logger, pino }, [
    { provide: MembershipOffice, useValue: office },
    { provide: PublishedNetwork, useValue: published },
    { provide: ADMISSION_LIMITER, useValue: new RateLimiter(ADMISSION_RATE, clock) },
  ]);
  const application = await createApplication(module, { logger, maxBodyBytes: MAX_AUTHORITY_BODY_BYTES });
  closers.add('http', () => application.close());
  const http = await listen(application, { ...configuration.http, anotherIfBusy: configuration.demo, logger });

  await storage.transactions.run((transaction) =>
    audit.append(transaction, { type: 'node-started', outcome: 'success', actor: { kind: 'system', id: 'node' } }),
  );
  return {
    name,
    did: resolved.did,
    peerId: network.peerId,
    http,
    p2p: network.addresses(),
    stop: () => {
      readiness.beginStopping();
      return closers.close();
    },
  };
}
