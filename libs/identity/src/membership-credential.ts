import { newId } from '@carecord/core';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import type { ResolvedDid } from './did-log.ts';
import { IdentityError } from './identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from './limits.ts';
import { didSchema, memberNameSchema, networkIdSchema } from './schemas.ts';
import { openStatement, signStatement } from './statement.ts';

const ROLES = ['hospital', 'authority', 'guardian'] as const;

/** What a member may be: treat patients, admit members, evaluate blinded lookups. */
export type MemberRole = (typeof ROLES)[number];

/** What a verified credential says. */
export interface Membership {
  readonly did: string;
  readonly name: string;
  readonly roles: readonly MemberRole[];
  readonly networkId: string;
  readonly validUntil: Date;
}

/** Securing Verifiable Credentials using JOSE and COSE, section 6.1. */
const TYPE = 'vc+jwt';

/** W3C Verifiable Credentials Data Model 2.0; our own terms are in the vocabulary for undefined terms that it names (section 5.2). */
const credentialSchema = z.strictObject({
  '@context': z.tuple([z.literal('https://www.w3.org/ns/credentials/v2'), z.literal('https://www.w3.org/ns/credentials/undefined-terms/v2')]),
  id: z.string().max(64),
  type: z.tuple([z.literal('VerifiableCredential'), z.literal('CarecordMembershipCredential')]),
  issuer: didSchema,
  validFrom: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  credentialSubject: z.strictObject({
    id: didSchema,
    name: memberNameSchema,
    networkId: networkIdSchema,
    roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  }),
});

/**
 * Issues the credential that makes a hospital a member of a network.
 * @param options.issuer the authority, whose keys `signer` holds
 * @param options.subject the member's DID
 */
export function issueMembershipCredential(options: {
  readonly issuer: ResolvedDid;
  readonly signer: HybridSigner;
  readonly subject: string;
  readonly subjectName: string;
  readonly networkId: string;
  readonly roles: readonly MemberRole[];
  readonly validFrom: Date;
  readonly validUntil: Date;
}): Promise<GeneralJws> {
  return signStatement(credentialSchema, TYPE, { resolved: options.issuer, signer: options.signer }, {
    '@context': ['https://www.w3.org/ns/credentials/v2', 'https://www.w3.org/ns/credentials/undefined-terms/v2'],
    id: `urn:uuid:${newId()}`,
    type: ['VerifiableCredential', 'CarecordMembershipCredential'],
    issuer: options.issuer.did,
    validFrom: options.validFrom.toISOString(),
    validUntil: options.validUntil.toISOString(),
    credentialSubject: { id: options.subject, name: options.subjectName, networkId: options.networkId, roles: [...options.roles] },
  });
}

/**
 * Verifies a membership credential: both signatures of the trusted authority, issuer, subject, network and time.
 * @param jws anything: it is parsed by a schema first
 * @throws IdentityError `CREDENTIAL_INVALID`, `CREDENTIAL_WRONG_SUBJECT`, `CREDENTIAL_WRONG_NETWORK`, `CREDENTIAL_NOT_YET_VALID`, `CREDENTIAL_EXPIRED`
 */
export async function verifyMembershipCredential(
  jws: unknown,
  expected: { readonly authority: ResolvedDid; readonly networkId: string; readonly subject: string; readonly now: Date },
): Promise<Membership> {
  const credential = await openCredential(jws, expected.authority);
  const { id, name, roles, networkId } = credential.credentialSubject;
  if (id !== expected.subject) throw new IdentityError('CREDENTIAL_WRONG_SUBJECT', 'A membership credential is about another hospital.');
  if (networkId !== expected.networkId) throw new IdentityError('CREDENTIAL_WRONG_NETWORK', 'A membership credential is for another network.');
  const validUntil = new Date(credential.validUntil);
  checkTime(new Date(credential.validFrom), validUntil, expected.now);
  return { did: id, name, roles, networkId, validUntil };
}

async function openCredential(jws: unknown, authority: ResolvedDid): Promise<z.infer<typeof credentialSchema>> {
  try {
    const credential = await openStatement(credentialSchema, TYPE, authority.signing, jws);
    if (credential.issuer !== authority.did) throw new Error('The issuer is another DID.');
    return credential;
  } catch (cause) {
    throw new IdentityError('CREDENTIAL_INVALID', 'A membership credential is not by the trusted authority.', { cause });
  }
}

function checkTime(validFrom: Date, validUntil: Date, now: Date): void {
  if (now.getTime() < validFrom.getTime() - CLOCK_SKEW_MILLISECONDS) {
    throw new IdentityError('CREDENTIAL_NOT_YET_VALID', 'A membership credential is not valid yet.');
  }
  if (now.getTime() > validUntil.getTime() + CLOCK_SKEW_MILLISECONDS) {
    throw new IdentityError('CREDENTIAL_EXPIRED', 'A membership credential has expired.');
  }
}
