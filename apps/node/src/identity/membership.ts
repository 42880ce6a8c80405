import type { Clock, Logger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { generalJwsSchema } from '@carecord/crypto';
import { createMembershipApplication, IdentityError, resolveDidLog, verifyMembershipCredential, verifyNetworkDescription } from '@carecord/identity';
import type { Membership, NetworkDescription, ResolvedDid } from '@carecord/identity';
import type { SettingStore } from '@carecord/storage';
import { z } from 'zod';
import type { AuthoritySettings } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { AuthorityClient } from './authority-client.ts';
import type { NodeIdentity } from './node-identity.ts';
import { readJsonSetting } from './settings.ts';

const MEMBERSHIP_SETTING = 'identity.membership';
const storedSchema = z.object({ authorityLog: z.string(), credential: z.unknown(), networkDescription: z.unknown(), bootstrap: z.array(z.string()) });
type Stored = z.infer<typeof storedSchema>;

/** Everything that lets a hospital take part in the network, each part verified against the authority's DID. */
export interface NetworkMembership {
  readonly authority: ResolvedDid;
  readonly credential: GeneralJws;
  readonly membership: Membership;
  readonly description: NetworkDescription;
  readonly bootstrap: readonly string[];
  /** Whether the authority admitted us just now. */
  readonly isNew: boolean;
}

/** Who wants to take part, in which network, and by which authority. */
export interface MembershipOptions {
  readonly identity: NodeIdentity;
  readonly name: string;
  readonly networkId: string;
  readonly authority: AuthoritySettings;
  readonly settings: SettingStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The hospital's membership: the stored one, or a new one for the admission ticket.
 * @throws NodeError `ADMISSION_REFUSED`, `AUTHORITY_UNREACHABLE`, `AUTHORITY_ANSWER_INVALID`
 */
export async function joinNetwork(options: MembershipOptions): Promise<NetworkMembership> {
  const client = new AuthorityClient(options.authority.url, options.clock);
  const known = await storedMembership(options, client);
  return known ?? (await apply(options, client));
}

async function storedMembership(options: MembershipOptions, client: AuthorityClient): Promise<NetworkMembership | undefined> {
  const stored = await readJsonSetting(options.settings, MEMBERSHIP_SETTING, storedSchema);
  if (stored === undefined) return undefined;
  try {
    const authority = await resolveDidLog(options.authority.did, stored.authorityLog);
    const membership = await verify(options, authority, stored, false);
    return { ...membership, bootstrap: await presentBootstrap(options, client, stored) };
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    options.logger.warn('membership-not-usable', { code: error.code });
    return undefined;
  }
}

/** Addresses change while we are away; without an answer the ones of last time are tried. */
async function presentBootstrap(options: MembershipOptions, client: AuthorityClient, stored: Stored): Promise<readonly string[]> {
  try {
    const { bootstrap } = await client.network();
    if (bootstrap.join() !== stored.bootstrap.join()) await options.settings.write(MEMBERSHIP_SETTING, JSON.stringify({ ...stored, bootstrap }));
    return bootstrap;
  } catch (error) {
    options.logger.warn('authority-not-reached', {}, error);
    return stored.bootstrap;
  }
}

async function apply(options: MembershipOptions, client: AuthorityClient): Promise<NetworkMembership> {
  const { identity, name, authority: settings, clock } = options;
  if (settings.ticket === undefined) {
    throw new NodeError('ADMISSION_REFUSED', 'This hospital is not admitted to the network yet: put the ticket of the authority into a file and name it in CARECORD_ADMISSION_TICKET_FILE.');
  }
  const authority = await client.resolve(settings.did);
  const application = await createMembershipApplication({
    subject: identity.resolved,
    signer: identity.signer,
    name,
    ticket: settings.ticket,
    audience: authority.did,
    clock,
  });
  const answer = await client.apply(application);
  const stored: Stored = { authorityLog: authority.log, credential: answer.credential, networkDescription: answer.networkDescription, bootstrap: answer.bootstrap };
  let membership: NetworkMembership;
  try {
    membership = await verify(options, authority, stored, true);
  } catch (cause) {
    throw new NodeError('AUTHORITY_ANSWER_INVALID', 'The credential or the network description from the authority does not verify.', { cause });
  }
  await options.settings.write(MEMBERSHIP_SETTING, JSON.stringify(stored));
  return membership;
}

async function verify(options: MembershipOptions, authority: ResolvedDid, stored: Stored, isNew: boolean): Promise<NetworkMembership> {
  const membership = await verifyMembershipCredential(stored.credential, {
    authority,
    networkId: options.networkId,
    subject: options.identity.resolved.did,
    now: options.clock.now(),
  });
  const description = await verifyNetworkDescription(stored.networkDescription, authority);
  if (description.networkId !== options.networkId) {
    throw new IdentityError('NETWORK_DESCRIPTION_INVALID', 'The description is of another network than CARECORD_NETWORK_ID.');
  }
  return { authority, credential: generalJwsSchema.parse(stored.credential), membership, description, bootstrap: stored.bootstrap, isNew };
}
