import { errorCodeOf } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { DidHistories, HttpsDidSource, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { DidHistory, DidPolicy, DidService, NetworkFile, WitnessProof, WitnessRule } from '@carecord/identity';
import type { Guardians } from '@carecord/locator';
import { networkDidSource } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import type { Configuration } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { AuthorityClient } from '../identity/authority-client.ts';
import { AuthorityTrust } from '../identity/authority-trust.ts';
import { GuardianPlans } from '../identity/guardian-plans.ts';
import { IdentityRotation } from '../identity/identity-rotation.ts';
import { HospitalMembership } from '../identity/membership.ts';
import { NodeIdentity } from '../identity/node-identity.ts';
import { ShownVersion } from '../identity/shown-version.ts';
import type { Foundation } from './foundation.ts';

/** Who this node is in its network, and whom it believes. */
export interface NetworkParts {
  readonly file: NetworkFile;
  readonly identity: NodeIdentity;
  readonly rotation: IdentityRotation;
  readonly trust: AuthorityTrust;
  readonly statuses: StatusBook;
  readonly histories: DidHistories;
  readonly membership: HospitalMembership;
  /** Who guards the look-up. */
  readonly plans: GuardianPlans;
  readonly clients: ReadonlyMap<string, AuthorityClient>;
  /** The network host is made of all this, and comes into being last. */
  readonly late: {
    host?: NetworkHost;
    guardians?: Guardians;
    /** Where the HTTP side listens. */
    address?: string;
  };
}

/** The hospital's or authority's DID, before anything of the network is known. */
export function openIdentity(
  { ring, storage, clock }: Foundation,
  configuration: Pick<Configuration, 'domain' | 'networkId'>,
  { witness, services }: { readonly witness: WitnessRule | undefined; readonly services: () => readonly DidService[] },
): Promise<NodeIdentity> {
  const { domain, networkId } = configuration;
  const policy = witness === undefined ? MEMBER_POLICY : { ...MEMBER_POLICY, witnesses: witness };
  return NodeIdentity.open({ ring, settings: storage.settings, domain, networkId, policy, witness, services, clock });
}

/** Puts together what a node needs to know about its network. Nothing is asked of anybody yet. */
export async function networkParts(
  foundation: Foundation,
  configuration: Configuration,
  { file, identity, services }: { readonly file: NetworkFile; readonly identity: NodeIdentity; readonly services: () => readonly DidService[] },
): Promise<NetworkParts> {
  const { ring, storage, clock, logger, http } = foundation;
  const late: NetworkParts['late'] = {};
  // An authority does not ask itself over HTTP.
  const others = file.authorities.filter(({ did }) => did !== identity.did);
  const clients = new Map(others.map(({ did, url, witness }) => [did, new AuthorityClient(url, http, clock, witness)]));
  const histories = new DidHistories({ store: storage.didHistories, clock, policy: policyOf(file), sources: [networkDidSource(() => late.host), new HttpsDidSource(http)] });
  const trust = new AuthorityTrust(file, histories, clients, logger);
  const statuses = new StatusBook({ trust, store: storage.statusLists, clock });
  await trust.refresh();
  await statuses.load();
  const shown = new ShownVersion(configuration.dataDirectory);
  const keepShown = (versionId: string): Promise<void> => shown.keep(identity.did, versionId).catch((error: unknown) => logger.warn('shown-version-not-kept', {}, error));
  await shown.check(identity.did, identity.record.history).then(
    () => (identity.isWitnessed ? keepShown(identity.signing().resolved.versionId) : undefined),
    // It still serves its own staff, who need their patients' records.
    (error: unknown) => logger.error('database-older-than-did', { code: errorCodeOf(error) }, error),
  );
  const rotation = new IdentityRotation({
    identity,
    ring,
    settings: storage.settings,
    services,
    witness: witnessRuleOf(file, identity.did),
    collectWitnessProofs: (did, history) => collectWitnessProofs(clients, file.witnessThreshold, { did, history }, logger),
    announce: async (history) => {
      await shown.check(identity.did, history);
      const { versionId } = await histories.accept(identity.did, history);
      await keepShown(versionId);
      await late.host?.announceIdentity(history);
    },
    clock,
    logger,
  });
  const membership = new HospitalMembership({
    identity,
    name: configuration.name,
    trust,
    statuses,
    clients,
    tickets: configuration.tickets,
    settings: storage.settings,
    transactions: storage.transactions,
    clock,
    logger,
  });
  const plans = new GuardianPlans({ file, trust, clients, settings: storage.settings, logger });
  await plans.load();
  return { file, identity, rotation, trust, statuses, histories, membership, plans, clients, late };
}

/** The rule under which a DID's versions are witnessed: authorities watch over hospitals, and nobody over them. */
export function witnessRuleOf({ authorities, witnessThreshold }: NetworkFile, did: string | undefined): WitnessRule | undefined {
  if (witnessThreshold === 0 || authorities.some((authority) => authority.did === did)) return undefined;
  return { threshold: witnessThreshold, witnesses: authorities.map(({ witness }) => witness) };
}

/** What the history of each DID must have. */
function policyOf(file: NetworkFile): (did: string) => DidPolicy {
  const rule = witnessRuleOf(file, undefined);
  const hospitals: DidPolicy = rule === undefined ? MEMBER_POLICY : { ...MEMBER_POLICY, witnesses: rule };
  return (did) => (file.authorities.some((authority) => authority.did === did) ? MEMBER_POLICY : hospitals);
}

async function collectWitnessProofs(
  clients: ReadonlyMap<string, AuthorityClient>,
  threshold: number,
  { did, history }: { readonly did: string; readonly history: DidHistory },
  logger: Logger,
): Promise<readonly WitnessProof[]> {
  const asked = await Promise.allSettled([...clients.values()].map((client) => client.witness(did, history)));
  const proofs = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (proofs.length >= threshold) return proofs;
  const failures = asked.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []));
  for (const failure of failures) logger.warn('version-not-witnessed', {}, failure);
  const cause = failures[0];
  if (asked.length - failures.filter((failure) => errorCodeOf(failure) === 'ADMISSION_REFUSED').length < threshold) {
    throw new NodeError(
      'ADMISSION_REFUSED',
      'The authorities do not witness the new keys: this hospital is no member any more, or its database was restored from a backup that is older than the DID that they have seen.',
      { cause },
    );
  }
  throw new NodeError('AUTHORITY_UNREACHABLE', `Only ${proofs.length} of the ${threshold} authorities that are needed have witnessed the new keys: try again later.`, { cause });
}
