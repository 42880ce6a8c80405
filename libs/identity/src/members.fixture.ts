import type { GeneralJws } from '@carecord/crypto';
import { END, START } from './identities.fixture.ts';
import type { Identity } from './identities.fixture.ts';
import type { LocalMember } from './local-identity.ts';
import { issueMembershipCredential } from './membership/membership-credential.ts';
import { issueStatusList } from './status/status-list.ts';
import type { StatusEntry } from './status/status-list.ts';

export const NETWORK_ID = 'test-network';

const HOUR = 3_600_000;

/** What a JWS says, unverified. */
export function payloadOf(jws: GeneralJws): Record<string, unknown> {
  return JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as Record<string, unknown>;
}

/** Where the authority of this DID would publish its status list. */
export function listUrlOf({ resolved }: Identity): string {
  return `https://${resolved.did.split(':')[3] ?? ''}/status-list`;
}

/** One authority's credential for an identity, for a day from {@link START}. */
export function certify(
  identity: Identity,
  authority: Identity,
  change: Partial<Parameters<typeof issueMembershipCredential>[0]> & { readonly index?: number } = {},
): Promise<GeneralJws> {
  const { index = 0, ...others } = change;
  return issueMembershipCredential({
    issuer: authority.resolved,
    signer: authority.signer,
    subject: identity.resolved.did,
    subjectName: 'A Hospital',
    networkId: NETWORK_ID,
    roles: ['hospital'],
    validFrom: START,
    validUntil: END,
    status: { listUrl: listUrlOf(authority), index },
    ...others,
  });
}

/** An authority's status list, for two days: all stand, but for the entries given. */
export function listOf(authority: Identity, entries: readonly StatusEntry[] = [], issuedAt: Date = START): Promise<GeneralJws> {
  return issueStatusList({ issuer: authority.resolved, signer: authority.signer, listUrl: listUrlOf(authority), entries, now: issuedAt, validForMilliseconds: 48 * HOUR });
}

/** Makes an identity a member by credentials of all these authorities; it staples a list of each by which all stand. */
export async function admit(identity: Identity, authorities: readonly Identity[], networkId = NETWORK_ID): Promise<LocalMember> {
  const credentials = await Promise.all(authorities.map((authority) => certify(identity, authority, { networkId })));
  const statusLists = await Promise.all(authorities.map((authority) => listOf(authority)));
  return { networkId, resolved: identity.resolved, credentials, statusLists, signer: identity.signer };
}
