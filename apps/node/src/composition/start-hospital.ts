import { loadDefinitions } from '@carecord/fhir';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';
import { MAX_HOSPITAL_BODY_BYTES } from '../http/limits.ts';
import { checkNetworkFile } from '../identity/network-file-check.ts';
import { addHospitalJobs } from '../jobs/hospital-jobs.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { ensureDemoAccounts } from '../sessions/demo-accounts.ts';
import { hospitalDidServices, sameServices } from './did-services.ts';
import type { Foundation } from './foundation.ts';
import { hospitalProviders } from './hospital-providers.ts';
import { hospitalServices } from './hospital-services.ts';
import { hospitalModule } from './hospital-module.ts';
import { addGuardianJobs, followGuardians } from './guardian-parts.ts';
import { finishRotation, refreshOwnStatuses, startIdentityTasks } from './identity-tasks.ts';
import { startJobs } from './key-services.ts';
import { startMetrics } from './node-metrics.ts';
import { createNodeNetwork, startNodeNetwork } from './node-network.ts';
import { networkParts, openIdentity, witnessRuleOf } from './network-parts.ts';
import type { NetworkParts } from './network-parts.ts';
import { runningNode, serveHttp } from './serve-node.ts';
import { signInParts } from './sign-in-parts.ts';

/** Brings a hospital up on an open foundation: joins the network, starts answering it, then staff. */
export async function startHospital(configuration: HospitalConfiguration, foundation: Foundation): Promise<RunningNode> {
  const { storage } = foundation;
  const parts = await hospitalParts(configuration, foundation);
  await joinNetwork(parts, foundation);
  // Half a second once, now rather than at the first admission.
  loadDefinitions();

  const network = await createNodeNetwork(configuration, foundation, parts, await bootstrapOf(parts, foundation));
  const services = await hospitalServices(foundation, configuration, parts, network);
  services.guardians.start();
  services.holder.start();
  services.requester.start();
  await startNodeNetwork(network, foundation);
  await startMetrics(configuration, foundation, services.networkStatus);

  await ensureDemoAccounts(configuration.demoAccounts, storage);
  startIdentityTasks(foundation, parts, services.keys.operations, configuration.keyRotationDays);
  addHospitalJobs(services, foundation);
  addGuardianJobs(foundation, services.guardians);
  followGuardians(foundation, parts, services.guardians);
  startJobs(foundation, services.keys);
  await finishRotation(() => publishServices(configuration, parts), foundation);

  const providers = hospitalProviders(services, network, storage.transactions);
  const http = await serveHttp(configuration, foundation, {
    parts,
    maxBodyBytes: MAX_HOSPITAL_BODY_BYTES,
    makeModule: (basics) => hospitalModule({ ...basics, authenticator: services.staff.sessions }, providers, signInParts(foundation, configuration, services.staff, parts.late)),
  });
  return runningNode(configuration, foundation, { did: parts.identity.did, http, network, graphqlPath: GRAPHQL_PATH });
}

/** Who this hospital is, and whom it believes. */
export async function hospitalParts(configuration: HospitalConfiguration, foundation: Foundation): Promise<NetworkParts> {
  const { network: file } = configuration;
  const services = () => hospitalDidServices(configuration);
  const identity = await openIdentity(foundation, configuration, { witness: witnessRuleOf(file, undefined), services });
  const parts = await networkParts(foundation, configuration, { file, identity, services });
  await parts.trust.fetch();
  return parts;
}

/** A member shows its newest keys and knows who was removed, before it meets anybody. */
async function joinNetwork({ membership, rotation, ...parts }: NetworkParts, foundation: Foundation): Promise<void> {
  const isNew = await membership.join();
  if (isNew) foundation.logger.info('admitted-to-network');
  await finishRotation(() => rotation.resume(), foundation);
  await refreshOwnStatuses(foundation, { membership, rotation, ...parts });
}

/** Where members can be met now; the network finds more. */
async function bootstrapOf({ clients, file, trust }: NetworkParts, { logger }: Foundation): Promise<readonly string[]> {
  const asked = await Promise.allSettled([...clients.values()].map((client) => client.network()));
  for (const answer of asked) if (answer.status === 'rejected') logger.warn('authority-not-reached', {}, answer.reason);
  const answers = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  await checkNetworkFile(file, answers.map(({ networkDescription }) => networkDescription), trust, logger);
  return answers.flatMap(({ bootstrap }) => bootstrap);
}

/** The document says where the hospital is; when the configuration says something else now, it gets a new version. */
async function publishServices(configuration: HospitalConfiguration, { identity, rotation }: NetworkParts): Promise<void> {
  if (!sameServices(identity.signing().resolved.services, hospitalDidServices(configuration))) await rotation.rotate({ urgent: false });
}
