import type { AuditLog } from '@carecord/audit';
import { CredentialIssuer } from '../authority/credential-issuer.ts';
import { MembershipOffice } from '../authority/membership-office.ts';
import { MembershipRegister } from '../authority/membership-register.ts';
import { OwnStatements } from '../authority/own-statements.ts';
import { PublishedNetwork } from '../authority/published-network.ts';
import { StatusListIssuer } from '../authority/status-list-issuer.ts';
import { WitnessOffice } from '../authority/witness-office.ts';
import type { AuthorityConfiguration } from '../config/configuration.ts';
import { PublishedDid } from '../did/published-did.ts';
import { NetworkStatus } from '../status/network-status.ts';
import type { StaffServices } from '../staff/staff-services.ts';
import type { Foundation } from './foundation.ts';
import { keyServices } from './key-services.ts';
import type { KeyServices } from './key-services.ts';
import { LocalHospital } from './local-hospital.ts';
import type { NetworkParts } from './network-parts.ts';
import { nodeStaff } from './node-staff.ts';

/** Everything that an authority does, put together once. */
export interface AuthorityServices {
  readonly staff: StaffServices;
  readonly hospital: LocalHospital;
  readonly audit: AuditLog;
  readonly keys: KeyServices;
  readonly publishedDid: PublishedDid;
  readonly office: MembershipOffice;
  readonly issuer: CredentialIssuer;
  readonly witnesses: WitnessOffice;
  readonly statusLists: StatusListIssuer;
  readonly statements: OwnStatements;
  readonly register: MembershipRegister;
  readonly published: PublishedNetwork;
  readonly networkStatus: NetworkStatus;
}

/** Builds the services; the authority is a member by its own word afterwards, and its status list is signed. */
export async function authorityServices(
  foundation: Foundation,
  configuration: AuthorityConfiguration,
  parts: NetworkParts,
  keys: { readonly 'did-witness': Uint8Array; readonly 'staff-sealing': Uint8Array },
): Promise<AuthorityServices> {
  const { clock, logger, storage, audit } = foundation;
  const { file, identity, rotation, statuses, membership, trust, late, plans } = parts;
  const { transactions, memberships, tickets } = storage;
  const authorities = file.authorities.map(({ did }) => did);
  // Names the list and is the same for ever: it stands in every credential.
  const statusListUrl = `https://${configuration.domain}/status-list`;
  const issuer = new CredentialIssuer({ identity, statusListUrl, authorities, clock });
  const statusLists = new StatusListIssuer({
    identity,
    memberships,
    transactions,
    statuses,
    statusListUrl,
    validForMilliseconds: trust.statusMaxAgeMilliseconds,
    announce: () => late.host && ((list) => late.host?.announceStatus(list) ?? Promise.resolve()),
    clock,
    logger,
  });
  const office = new MembershipOffice({
    did: identity.did,
    fellowAuthorities: authorities.filter((did) => did !== identity.did),
    memberships,
    tickets,
    transactions,
    audit,
    clock,
    onDecided: () => statusLists.issue(),
  });
  await office.openTickets(configuration.demoTickets);
  const statements = new OwnStatements({ identity, name: configuration.name, describe: () => plans.describe(), office, issuer, membership, statusLists, clock });
  await statements.refresh();
  rotation.afterwards(async () => {
    await trust.refresh();
    await statements.refresh();
  });
  return {
    staff: nodeStaff(foundation, configuration, keys['staff-sealing']),
    hospital: new LocalHospital(identity.did, configuration.name, 'unlisted'),
    audit,
    keys: keyServices(foundation, parts),
    publishedDid: new PublishedDid(() => identity.signing().resolved),
    office,
    issuer,
    witnesses: new WitnessOffice({ witnessSeed: () => keys['did-witness'], memberships, transactions, clock }),
    statusLists,
    statements,
    register: new MembershipRegister(memberships),
    published: new PublishedNetwork(() => statements.description(), () => late.host?.addresses() ?? []),
    networkStatus: new NetworkStatus(() => late.host),
  };
}
