import { later, RateLimiter } from '@carecord/core';
import type { Rate } from '@carecord/core';
import { ed25519PublicKey } from '@carecord/crypto';
import { didKeyOf } from '@carecord/identity';
import type { DidService } from '@carecord/identity';
import { STATUS_LIST_INTERVAL_MILLISECONDS } from '../authority/status-list-issuer.ts';
import type { AuthorityConfiguration } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import type { NodeIdentity } from '../identity/node-identity.ts';
import { addSignInCleaning } from '../jobs/sign-in-cleaning.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { ensureDemoAccounts } from '../sessions/demo-accounts.ts';
import { authorityModule } from './authority-module.ts';
import { authorityProviders } from './authority-providers.ts';
import { authorityServices } from './authority-services.ts';
import { authorityDidServices } from './did-services.ts';
import type { Foundation } from './foundation.ts';
import { foundingNetwork } from './founding-network.ts';
import { addGuardianJobs, createGuardians, followGuardians } from './guardian-parts.ts';
import { addKeyCleaning, finishRotation, refreshOwnStatuses, startIdentityTasks } from './identity-tasks.ts';
import { startJobs } from './key-services.ts';
import { startMetrics } from './node-metrics.ts';
import { createNodeNetwork, startNodeNetwork } from './node-network.ts';
import { AUTHORITY_KEYS, ensureKeys } from './node-keys.ts';
import { networkParts, openIdentity } from './network-parts.ts';
import type { NetworkParts } from './network-parts.ts';
import { runningNode, serveHttp } from './serve-node.ts';

/** A hospital applies once and renews each month; a rotation asks for a witness. */
const ADMISSION_RATE: Rate = { burst: 60, perSecond: 1 };
/** Authorities that start at the same time admit each other as soon as both answer. */
const FELLOW_PAUSE_MILLISECONDS = 1_000;

/** Brings an authority up: it admits hospitals over HTTP, and on the network it may be a guardian of the blinded look-up. */
export async function startAuthority(configuration: AuthorityConfiguration, foundation: Foundation): Promise<RunningNode> {
  const { clock, storage, ring } = foundation;
  const keys = await ensureKeys(ring, AUTHORITY_KEYS);
  const witness = didKeyOf(ed25519PublicKey(keys['did-witness']));
  const services = (): readonly DidService[] => authorityDidServices(configuration, { witness });
  const identity = await openIdentity(foundation, configuration, { witness: undefined, services });
  const file = configuration.network ?? foundingNetwork({ networkId: configuration.networkId, did: identity.did, url: ownUrl(configuration), witness });
  checkListed(configuration, identity, witness);

  const parts = await networkParts(foundation, configuration, { file, identity, services });
  await finishRotation(() => parts.rotation.resume(), foundation);
  await parts.histories.accept(identity.did, identity.signing().resolved.log);
  await parts.trust.refresh();
  const authority = await authorityServices(foundation, configuration, parts, keys);
  await ensureDemoAccounts(configuration.demoAccounts, storage);

  const http = await serveHttp(configuration, foundation, {
    parts,
    maxBodyBytes: MAX_AUTHORITY_BODY_BYTES,
    makeModule: (basics) => authorityModule({ ...basics, authenticator: authority.staff.sessions }, authorityProviders(authority, new RateLimiter(ADMISSION_RATE, clock), storage.transactions)),
  });
  await joinFellows(parts, foundation);

  const network = await createNodeNetwork(configuration, foundation, parts, []);
  const guardians = createGuardians(foundation, parts, network, { isHospital: false, sealingKey: keys['guardian-sealing'] });
  guardians.start();
  await startNodeNetwork(network, foundation);
  await startMetrics(configuration, foundation, authority.networkStatus);
  startIdentityTasks(foundation, parts, authority.keys.operations, configuration.keyRotationDays);
  // Nobody seals anything to an authority.
  addKeyCleaning(foundation, identity.did, () => Promise.resolve(new Set()));
  addGuardianJobs(foundation, guardians);
  followGuardians(foundation, parts, guardians, { file: configuration.guardiansFile, statements: authority.statements });
  addSignInCleaning(storage, authority.staff, clock);
  storage.jobs.add({ name: 'issue-status-list', everyMilliseconds: STATUS_LIST_INTERVAL_MILLISECONDS, run: () => authority.statusLists.issue() });
  storage.jobs.add({ name: 'sign-own-statements', everyMilliseconds: STATUS_LIST_INTERVAL_MILLISECONDS, run: () => authority.statements.refresh() });
  startJobs(foundation, authority.keys);
  return runningNode(configuration, foundation, { did: identity.did, http, network, graphqlPath: GRAPHQL_PATH });
}

/** In demo mode without a public address, the one that it listens on: the network file of the demo is written from what it says then. */
function ownUrl({ publicUrl, http }: AuthorityConfiguration): string {
  return publicUrl ?? `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}`;
}

/** @throws NodeError `NETWORK_FILE_MISMATCH` when the operator's file does not mean this very authority */
function checkListed({ network }: AuthorityConfiguration, identity: NodeIdentity, witness: string): void {
  if (network === undefined) return;
  const own = network.authorities.find(({ did }) => did === identity.did);
  if (own === undefined) throw new NodeError('NETWORK_FILE_MISMATCH', `The network file does not list this authority (${identity.did}): make it again with "carecord network create".`);
  if (own.witness !== witness) throw new NodeError('NETWORK_FILE_MISMATCH', 'The network file lists this authority with another witness key: make it again with "carecord network create".');
}

/** An authority is a member like others, so that enough of its fellows must have admitted it. They answer when they have started, too. */
async function joinFellows(parts: NetworkParts, foundation: Foundation): Promise<void> {
  const { clock, logger } = foundation;
  const { membership, trust, file } = parts;
  while (!(await joined(parts, foundation))) {
    logger.info('waiting-for-authorities', { needed: file.threshold, known: trust.authorities().length });
    await clock.sleepUntil(later(clock.now(), FELLOW_PAUSE_MILLISECONDS));
  }
  logger.info('joined', { validUntil: membership.membership.validUntil.toISOString() });
}

async function joined(parts: NetworkParts, foundation: Foundation): Promise<boolean> {
  const { membership, trust, file } = parts;
  if (file.authorities.length > 1) await trust.fetch().catch((error: unknown) => foundation.logger.warn('authorities-not-reached', {}, error));
  if (!(await membership.useStored())) {
    await membership.apply();
    if (!(await membership.useStored())) return false;
  }
  await refreshOwnStatuses(foundation, parts);
  return true;
}
