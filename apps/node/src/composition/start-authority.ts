import { later, RateLimiter } from '@carecord/core';
import type { Rate } from '@carecord/core';
import { issueNetworkDescription } from '@carecord/identity';
import type { LocalMember } from '@carecord/identity';
import { Guardian, guardianKeys } from '@carecord/locator';
import { MEMBERSHIP_MILLISECONDS, MembershipOffice } from '../authority/membership-office.ts';
import { PublishedNetwork } from '../authority/published-network.ts';
import type { Authenticator } from '../authorisation/authenticator.ts';
import type { AuthorityConfiguration } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { derivedKeys } from './derived-keys.ts';
import type { Foundation } from './foundation.ts';
import { authorityModule } from './authority-module.ts';
import { createNodeNetwork, startNodeNetwork } from './node-network.ts';
import { serveNode } from './serve-node.ts';
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
  const { clock, storage, identity, audit } = foundation;
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
  const network = await createNodeNetwork(configuration, foundation, { local, authority: resolved, bootstrap: [] });
  new Guardian({ oprfSecret, network, audit, transactions: storage.transactions, clock }).start();
  await startNodeNetwork(network, foundation);

  const published = new PublishedNetwork(resolved.log, description, () => network.addresses());
  const providers = [
    { provide: MembershipOffice, useValue: office },
    { provide: PublishedNetwork, useValue: published },
    { provide: ADMISSION_LIMITER, useValue: new RateLimiter(ADMISSION_RATE, clock) },
  ];
  return await serveNode(configuration, foundation, {
    network,
    membershipValidUntil,
    maxBodyBytes: MAX_AUTHORITY_BODY_BYTES,
    makeModule: (basics) => authorityModule({ ...basics, authenticator: nobody }, providers),
  });
}
