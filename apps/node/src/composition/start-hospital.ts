import { loadDefinitions } from '@carecord/fhir';
import type { LocalMember } from '@carecord/identity';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';
import { MAX_HOSPITAL_BODY_BYTES } from '../http/limits.ts';
import { joinNetwork } from '../identity/membership.ts';
import { startHospitalJobs } from '../jobs/hospital-jobs.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { ensureDemoAccounts } from '../sessions/demo-accounts.ts';
import type { Foundation } from './foundation.ts';
import { hospitalProviders } from './hospital-providers.ts';
import { hospitalServices } from './hospital-services.ts';
import { hospitalModule } from './hospital-module.ts';
import { createNodeNetwork, startNodeNetwork } from './node-network.ts';
import { serveNode } from './serve-node.ts';

/** Brings a hospital up on an open foundation: joins the network, starts answering it, then staff. */
export async function startHospital(configuration: HospitalConfiguration, foundation: Foundation): Promise<RunningNode> {
  const { clock, logger, closers, storage, identity } = foundation;
  const { name, networkId, authority } = configuration;
  const joined = await joinNetwork({ identity, name, networkId, authority, settings: storage.settings, clock, logger });
  // Half a second once, now rather than at the first admission.
  loadDefinitions();

  const local: LocalMember = { networkId, resolved: identity.resolved, credential: joined.credential, signer: identity.signer };
  const network = await createNodeNetwork(configuration, foundation, { local, authority: joined.authority, bootstrap: joined.bootstrap });
  const services = hospitalServices(foundation, configuration, { network, local, joined });
  services.holder.start();
  services.requester.start();
  await startNodeNetwork(network, foundation);

  await ensureDemoAccounts(configuration.demoAccounts, storage);
  startHospitalJobs(services, foundation);
  closers.add('jobs', async () => {
    await Promise.all([storage.outboxWorker.stop(), storage.jobs.stop()]);
  });

  const providers = hospitalProviders(services, network, storage.transactions);
  return await serveNode(configuration, foundation, {
    network,
    membershipValidUntil: joined.membership.validUntil,
    maxBodyBytes: MAX_HOSPITAL_BODY_BYTES,
    graphqlPath: GRAPHQL_PATH,
    makeModule: (basics) => hospitalModule({ ...basics, authenticator: services.sessions }, providers),
  });
}
