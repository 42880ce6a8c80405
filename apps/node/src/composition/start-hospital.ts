import { loadDefinitions } from '@carecord/fhir';
import type { LocalMember } from '@carecord/identity';
import { pointerKind } from '@carecord/locator';
import { createNetworkHost } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { MAX_HOSPITAL_BODY_BYTES } from '../http/limits.ts';
import { listen } from '../http/listen.ts';
import { keyFilePath } from '../identity/key-file.ts';
import { joinNetwork } from '../identity/membership.ts';
import type { NetworkMembership } from '../identity/membership.ts';
import { startHospitalJobs } from '../jobs/hospital-jobs.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { ensureDemoAccounts } from '../sessions/demo-accounts.ts';
import type { Foundation } from './foundation.ts';
import { hospitalProviders } from './hospital-providers.ts';
import { hospitalServices } from './hospital-services.ts';
import { hospitalModule } from './http-modules.ts';
import { readinessParts } from './readiness-parts.ts';

/** Brings a hospital up on an open foundation: joins the network, starts answering it, then staff. */
export async function startHospital(configuration: HospitalConfiguration, foundation: Foundation): Promise<RunningNode> {
  const { clock, logger, pino, closers, storage, identity, audit } = foundation;
  const joined = await joinNetwork({
    identity,
    name: configuration.name,
    networkId: configuration.networkId,
    authority: configuration.authority,
    settings: storage.settings,
    clock,
    logger,
  });
  // Half a second once, now rather than at the first admission.
  loadDefinitions();

  const local: LocalMember = { networkId: configuration.networkId, resolved: identity.resolved, credential: joined.credential, signer: identity.signer };
  const network = await hospitalNetwork(configuration, foundation, local, joined);
  const services = hospitalServices(foundation, configuration, { network, local, joined });
  services.holder.start();
  services.requester.start();
  await network.start();
  closers.add('network', () => network.stop());

  await ensureDemoAccounts(configuration.demoAccounts, storage);
  startHospitalJobs(services, foundation);
  closers.add('jobs', async () => {
    await Promise.all([storage.outboxWorker.stop(), storage.jobs.stop()]);
  });

  const readiness = new Readiness(
    readinessParts({ storage, keyFile: keyFilePath(configuration.dataDirectory), membershipValidUntil: joined.membership.validUntil, network, clock }),
    logger,
  );
  const module = hospitalModule({ authenticator: services.sessions, readiness, logger, pino }, hospitalProviders(services, network, storage.transactions));
  const application = await createApplication(module, { logger, maxBodyBytes: MAX_HOSPITAL_BODY_BYTES });
  closers.add('http', () => application.close());
  const http = await listen(application, { ...configuration.http, anotherIfBusy: configuration.demo, logger });

  await storage.transactions.run((transaction) =>
    audit.append(transaction, { type: 'node-started', outcome: 'success', actor: { kind: 'system', id: 'node' } }),
  );
  return {
    name: configuration.name,
    did: identity.resolved.did,
    peerId: network.peerId,
    http,
    graphql: http + GRAPHQL_PATH,
    p2p: network.addresses(),
    stop: () => {
      readiness.beginStopping();
      return closers.close();
    },
  };
}

function hospitalNetwork(
  { peerToPeer }: HospitalConfiguration,
  { clock, logger, storage, identity }: Foundation,
  local: LocalMember,
  joined: NetworkMembership,
): Promise<NetworkHost> {
  return createNetworkHost({
    local,
    authority: joined.authority,
    peerSeed: identity.seeds.peer,
    listen: peerToPeer.listen,
    bootstrap: [...new Set([...peerToPeer.bootstrap, ...joined.bootstrap])],
    valueKinds: [pointerKind],
    datastore: storage.datastore,
    clock,
    logger,
  });
}
