import { BoundedCache, newId } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import { signingKeysFingerprint } from '../accepted-keys.ts';
import { CREDENTIALS_V2, UNDEFINED_TERMS_V2 } from '../credentials/contexts.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { decodeJws, encodeJws } from '../encoded-jws.ts';
import { IdentityError } from '../identity-error.ts';
import { didSchema, memberNameSchema, networkIdSchema, webUrlSchema } from '../schemas.ts';
import { openStatement, readStatement, signStatement } from '../statement.ts';
import { MAX_STATUS_INDEX, revocationBit, suspensionBit } from '../status/status-bits.ts';

/** What a credential may give. */
export const ROLES = ['hospital', 'authority', 'guardian'] as const;

/** What a member may be: treat patients, admit members, evaluate blinded lookups. */
export type MemberRole = (typeof ROLES)[number];

/** Where the authority says whether a credential still stands. */
export interface CredentialStatus {
  /** The address that names the authority's status list; it is not fetched from here. */
  readonly listUrl: string;
  /** The member's number in that list. */
  readonly index: number;
}

/** What one authority says of one member. */
export interface MembershipClaims {
  /** The authority's DID. */
  readonly issuer: string;
  /** The member's DID. */
  readonly subject: string;
  readonly name: string;
  readonly networkId: string;
  readonly roles: readonly MemberRole[];
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly status: CredentialStatus;
}

/** Securing Verifiable Credentials using JOSE and COSE, section 6.1. */
const TYPE = 'vc+jwt';

/** A credential has a name, two DIDs and two addresses; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = 8 * 1024;
/** A payload and, base64url, two signatures with their headers (about 5 KiB). */
export const MAX_CREDENTIAL_BYTES = MAX_PAYLOAD_CHARACTERS + 8 * 1024;

const statusEntrySchema = <Purpose extends string>(purpose: Purpose) =>
  z.strictObject({
    type: z.literal('BitstringStatusListEntry'),
    statusPurpose: z.literal(purpose),
    statusListIndex: z.string().regex(/^(0|[1-9][0-9]{0,8})$/),
    statusListCredential: webUrlSchema,
  });

/**
 * W3C Verifiable Credentials Data Model 2.0; our own terms are in the vocabulary for undefined terms that it names (section 5.2).
 * The status entries are of Bitstring Status List 1.0, section 2.1.
 */
const credentialSchema = z.strictObject({
  '@context': z.tuple([z.literal(CREDENTIALS_V2), z.literal(UNDEFINED_TERMS_V2)]),
  id: z.string().max(64),
  type: z.tuple([z.literal('VerifiableCredential'), z.literal('CarecordMembershipCredential')]),
  issuer: didSchema,
  validFrom: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  credentialStatus: z.tuple([statusEntrySchema('revocation'), statusEntrySchema('suspension')]),
  credentialSubject: z.strictObject({
    id: didSchema,
    name: memberNameSchema,
    networkId: networkIdSchema,
    roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  }),
});
type Credential = z.infer<typeof credentialSchema>;

/**
 * Issues one authority's credential that a hospital is a member of a network.
 * @param options.issuer the authority, whose keys `signer` holds
 * @param options.subject the member's DID
 * @param options.status the authority's list, and the number in it that this member alone has
 * @throws IdentityError `STATUS_LIST_INVALID` for an index that no list reaches
 */
export async function issueMembershipCredential(options: {
  readonly issuer: ResolvedDid;
  readonly signer: HybridSigner;
  readonly subject: string;
  readonly subjectName: string;
  readonly networkId: string;
  readonly roles: readonly MemberRole[];
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly status: CredentialStatus;
}): Promise<GeneralJws> {
  const { listUrl, index } = options.status;
  if (!Number.isInteger(index) || index < 0 || index > MAX_STATUS_INDEX) {
    throw new IdentityError('STATUS_LIST_INVALID', `A member's number in the status list is a whole number from 0 to ${MAX_STATUS_INDEX}.`);
  }
  const entry = <Purpose extends string>(statusPurpose: Purpose, bit: number) =>
    ({ type: 'BitstringStatusListEntry' as const, statusPurpose, statusListIndex: String(bit), statusListCredential: listUrl });
  return await signStatement(credentialSchema, TYPE, { signingKeyIds: options.issuer.signingKeyIds, signer: options.signer }, {
    '@context': [CREDENTIALS_V2, UNDEFINED_TERMS_V2],
    id: `urn:uuid:${newId()}`,
    type: ['VerifiableCredential', 'CarecordMembershipCredential'],
    issuer: options.issuer.did,
    validFrom: options.validFrom.toISOString(),
    validUntil: options.validUntil.toISOString(),
    credentialStatus: [entry('revocation', revocationBit(index)), entry('suspension', suspensionBit(index))],
    credentialSubject: { id: options.subject, name: options.subjectName, networkId: options.networkId, roles: [...options.roles] },
  });
}

/** A credential whose shape was checked and whose signatures were not. */
export interface ClaimedCredential {
  readonly jws: GeneralJws;
  readonly claims: MembershipClaims;
}

interface VerifiedCredential extends ClaimedCredential {
  /** The DID and the version of the authority with whose keys it verified, and which of its keys. */
  readonly authority: string;
  readonly versionId: string;
  readonly signedWith: string;
}

/** About 20 KiB each: of a thousand members with two credentials, each shown again on every connection. */
const VERIFIED_CREDENTIALS = 2048;

/** Credentials that verified once, by the hash of their JSON. */
const verified = new BoundedCache<VerifiedCredential>({ entries: VERIFIED_CREDENTIALS });
/** The hashes of those that came in JSON. */
const hashes = new WeakMap<GeneralJws, string>();

/**
 * Reads what a credential claims, to find out by whom and about whom it would be. Nothing is verified.
 * @throws IdentityError `CREDENTIAL_INVALID` when it is not of the shape
 */
export function readMembershipCredential(jws: unknown): ClaimedCredential {
  try {
    const { jws: parsed, statement } = readStatement(credentialSchema, jws, MAX_PAYLOAD_CHARACTERS);
    return { jws: parsed, claims: claimsOf(statement) };
  } catch (cause) {
    throw credentialInvalid(cause);
  }
}

/**
 * The same of a credential in JSON; one that verified before is known by its hash and is not read again.
 * @throws IdentityError `CREDENTIAL_INVALID` when it is not of the shape
 */
export function readEncodedCredential(encoded: Uint8Array): ClaimedCredential {
  const hash = hashOf(encoded);
  const known = verified.get(hash);
  if (known !== undefined) return known;
  try {
    const claimed = readMembershipCredential(decodeJws(encoded));
    hashes.set(claimed.jws, hash);
    return claimed;
  } catch (cause) {
    throw credentialInvalid(cause);
  }
}

/**
 * Verifies both signatures of a credential with one pair of the authority's accepted keys. What verified once is remembered
 * until the authority's DID has another version: the same credential is shown in each handshake.
 * @returns the fingerprint of the keys that signed
 * @throws IdentityError `CREDENTIAL_INVALID`
 */
export async function verifyCredentialSignatures(claimed: ClaimedCredential, authority: ResolvedDid): Promise<string> {
  const { jws, claims } = claimed;
  const key = hashes.get(jws) ?? hashOf(encodeJws(jws));
  const known = verified.get(key);
  if (known?.authority === authority.did && known.versionId === authority.versionId) return known.signedWith;
  try {
    if (claims.issuer !== authority.did) throw new Error('The issuer is another DID.');
    const { signedBy } = await openStatement(credentialSchema, TYPE, authority.acceptedSigning, jws);
    const signedWith = signingKeysFingerprint(signedBy);
    verified.set(key, { jws, claims, authority: authority.did, versionId: authority.versionId, signedWith });
    return signedWith;
  } catch (cause) {
    throw credentialInvalid(cause);
  }
}

function claimsOf(credential: Credential): MembershipClaims {
  const { credentialSubject: subject, credentialStatus } = credential;
  return {
    issuer: credential.issuer,
    subject: subject.id,
    name: subject.name,
    networkId: subject.networkId,
    roles: subject.roles,
    validFrom: new Date(credential.validFrom),
    validUntil: new Date(credential.validUntil),
    status: statusOf(credentialStatus),
  };
}

function statusOf([revocation, suspension]: Credential['credentialStatus']): CredentialStatus {
  const index = Number(revocation.statusListIndex) / 2;
  if (!Number.isInteger(index) || Number(suspension.statusListIndex) !== suspensionBit(index)) throw new Error('The status entries are not a pair.');
  if (revocation.statusListCredential !== suspension.statusListCredential) throw new Error('The status entries name two lists.');
  return { listUrl: revocation.statusListCredential, index };
}

function hashOf(encoded: Uint8Array): string {
  return Buffer.from(sha256(encoded)).toString('base64');
}

function credentialInvalid(cause: unknown): IdentityError {
  return new IdentityError('CREDENTIAL_INVALID', 'A membership credential is not by a trusted authority, or not of the right shape.', { cause });
}
