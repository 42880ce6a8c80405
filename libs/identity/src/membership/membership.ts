import { z } from 'zod';
import type { ResolvedDid } from '../did/did-history.ts';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { findAuthority } from '../network/network-trust.ts';
import type { NetworkTrust } from '../network/network-trust.ts';
import { readEncodedCredential, readMembershipCredential, ROLES, verifyCredentialSignatures } from './membership-credential.ts';
import type { ClaimedCredential, MemberRole, MembershipClaims } from './membership-credential.ts';

/** What one authority said of a member, and where it says whether this still stands. */
export interface MembershipStanding {
  /** The authority's DID. */
  readonly authority: string;
  readonly statusListUrl: string;
  readonly statusIndex: number;
  readonly validUntil: Date;
  /** Names the authority's keys that signed: once the authority accepts them no more, its word is void. */
  readonly signedWith: string;
}

/** What the credentials of at least as many authorities as the network demands say together. */
export interface Membership {
  readonly did: string;
  readonly name: string;
  /** What all of those in `standings` say. */
  readonly roles: readonly MemberRole[];
  readonly networkId: string;
  /** Until then enough of them are valid. */
  readonly validUntil: Date;
  readonly standings: readonly MembershipStanding[];
}

/** Credentials that one member shows: one of each authority, and a network has no more of them. */
export const MAX_CREDENTIALS = 16;

const credentialsSchema = z.array(z.unknown()).max(MAX_CREDENTIALS);

/** Who is to be a member, of what network, when. */
interface ExpectedMember {
  readonly trust: NetworkTrust;
  readonly subject: string;
  readonly now: Date;
}

interface VerifiedCredential {
  readonly claims: MembershipClaims;
  readonly signedWith: string;
}

/** Credentials that count, and the roles that each of them gives. */
interface Agreed {
  readonly counted: readonly [VerifiedCredential, ...VerifiedCredential[]];
  readonly roles: readonly MemberRole[];
}

/**
 * Verifies that enough distinct authorities made a DID a member of the network. It does not say whether they still stand by
 * it: that is `StatusBook.standing`.
 *
 * Credentials that do not count (of strangers, expired, with a broken signature) are passed over as long as enough others do.
 * Name and roles are those that enough authorities state, so that fewer can neither give a member another's name or role nor
 * spoil the word of the others.
 *
 * @param credentials anything: it is parsed by a schema first
 * @throws IdentityError when too few count: with the reason of the first that does not (`CREDENTIAL_INVALID`,
 * `CREDENTIAL_WRONG_SUBJECT`, `CREDENTIAL_WRONG_NETWORK`, `CREDENTIAL_NOT_YET_VALID`, `CREDENTIAL_EXPIRED`), or, when
 * nothing is wrong with those that were shown, `CREDENTIALS_TOO_FEW`
 */
export async function verifyMembership(credentials: unknown, expected: ExpectedMember): Promise<Membership> {
  const parsed = credentialsSchema.safeParse(credentials);
  if (!parsed.success) throw new IdentityError('CREDENTIAL_INVALID', 'The membership credentials are not a short list.', { cause: parsed.error });
  return await verifyTogether(parsed.data.map((jws) => () => readMembershipCredential(jws)), expected);
}

/**
 * The same of credentials in JSON, at most {@link MAX_CREDENTIALS}, as they stand in a handshake.
 * @throws IdentityError as {@link verifyMembership} does
 */
export async function verifyEncodedMembership(credentials: readonly Uint8Array[], expected: ExpectedMember): Promise<Membership> {
  return await verifyTogether(credentials.map((encoded) => () => readEncodedCredential(encoded)), expected);
}

async function verifyTogether(readers: readonly (() => ClaimedCredential)[], expected: ExpectedMember): Promise<Membership> {
  const { trust, subject } = expected;
  const refusals: IdentityError[] = [];
  const claimed: ClaimedCredential[] = [];
  for (const read of readers) {
    try {
      const credential = read();
      checkClaims(credential.claims, expected);
      claimed.push(credential);
    } catch (error) {
      refusals.push(identityError(error));
    }
  }
  const verified: VerifiedCredential[] = [];
  for (const [authority, credential] of newestOfEachAuthority(claimed, trust)) {
    try {
      verified.push({ claims: credential.claims, signedWith: await verifyCredentialSignatures(credential, authority) });
    } catch (error) {
      refusals.push(identityError(error));
    }
  }
  const named = ofOneName(verified, trust.threshold);
  if (named === undefined) throw refusals[0] ?? new IdentityError('CREDENTIALS_TOO_FEW', 'Too few authorities say alike that this hospital is a member.');
  return together(inOneRole(named, trust.threshold), subject, trust);
}

/** What costs nothing is checked before any signature is. */
function checkClaims(claims: MembershipClaims, { trust, subject, now }: ExpectedMember): void {
  if (findAuthority(trust, claims.issuer) === undefined) throw new IdentityError('CREDENTIAL_INVALID', 'A membership credential is not by a trusted authority.');
  if (claims.subject !== subject) throw new IdentityError('CREDENTIAL_WRONG_SUBJECT', 'A membership credential is about another hospital.');
  if (claims.networkId !== trust.networkId) throw new IdentityError('CREDENTIAL_WRONG_NETWORK', 'A membership credential is for another network.');
  if (now.getTime() < claims.validFrom.getTime() - CLOCK_SKEW_MILLISECONDS) {
    throw new IdentityError('CREDENTIAL_NOT_YET_VALID', 'A membership credential is not valid yet.');
  }
  if (isOver(claims.validUntil, now)) throw new IdentityError('CREDENTIAL_EXPIRED', 'A membership credential has expired.');
}

/** Whether an instant has passed by every clock of the network. */
export function isOver(validUntil: Date, now: Date): boolean {
  return now.getTime() > validUntil.getTime() + CLOCK_SKEW_MILLISECONDS;
}

/** An authority counts once, and a stranger can make us check the signatures of no more credentials than there are authorities. */
function newestOfEachAuthority(claimed: readonly ClaimedCredential[], trust: NetworkTrust): readonly (readonly [ResolvedDid, ClaimedCredential])[] {
  return trust.authorities().flatMap((authority) => {
    const ofThis = claimed.filter(({ claims }) => claims.issuer === authority.did);
    const [newest] = ofThis.sort((left, right) => right.claims.validFrom.getTime() - left.claims.validFrom.getTime());
    return newest === undefined ? [] : [[authority, newest] as const];
  });
}

/** Those that state the same name, when they are enough. */
function ofOneName(verified: readonly VerifiedCredential[], threshold: number): readonly [VerifiedCredential, ...VerifiedCredential[]] | undefined {
  for (const { claims } of verified) {
    const [first, ...others] = verified.filter((other) => other.claims.name === claims.name);
    if (first !== undefined && others.length + 1 >= threshold) return [first, ...others];
  }
  return undefined;
}

/** What a member may be altogether, the most first. */
const ROLE_SETS: readonly (readonly MemberRole[])[] = Array.from({ length: 2 ** ROLES.length - 1 }, (_, at) => ROLES.filter((__, bit) => ((at + 1) >> bit) % 2 === 1)).sort(
  (left, right) => right.length - left.length,
);

/** The credentials that count: those that agree on as many roles as enough of them do, so that one that says other roles changes nothing. */
function inOneRole(verified: readonly VerifiedCredential[], threshold: number): Agreed {
  for (const roles of ROLE_SETS) {
    const [first, ...others] = verified.filter(({ claims }) => roles.every((role) => claims.roles.includes(role)));
    if (first !== undefined && others.length + 1 >= threshold) return { roles, counted: [first, ...others] };
  }
  throw new IdentityError('CREDENTIAL_INVALID', 'Too few authorities agree on a role of this hospital.');
}

function together({ counted, roles }: Agreed, subject: string, trust: NetworkTrust): Membership {
  const [first] = counted;
  const ends = counted.map(({ claims }) => claims.validUntil).sort((left, right) => right.getTime() - left.getTime());
  return {
    did: subject,
    name: first.claims.name,
    roles,
    networkId: trust.networkId,
    // With the end of this one there are fewer than the threshold.
    validUntil: ends[trust.threshold - 1] ?? first.claims.validUntil,
    standings: counted.map(({ claims, signedWith }) => ({
      authority: claims.issuer,
      statusListUrl: claims.status.listUrl,
      statusIndex: claims.status.index,
      validUntil: claims.validUntil,
      signedWith,
    })),
  };
}

function identityError(error: unknown): IdentityError {
  if (error instanceof IdentityError) return error;
  throw error;
}
