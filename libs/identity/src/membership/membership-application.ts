import type { Clock } from '@carecord/core';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import type { DidHistory } from '../did/did-entries.ts';
import { resolveUnwitnessedDid } from '../did/did-history.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { MEMBER_POLICY } from '../did/did-policy.ts';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS, MAX_DID_HISTORY_BYTES } from '../limits.ts';
import { didSchema, memberNameSchema } from '../schemas.ts';
import { openStatement, readStatement, signStatement } from '../statement.ts';

/** How old an application may be: it is made and sent at once. */
const MAX_AGE_MILLISECONDS = 2 * 60_000;
/** The payload is the DID history as a JSON text (each quote escaped) and a few short texts; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = 3 * MAX_DID_HISTORY_BYTES;
const MAX_TICKET_CHARACTERS = 256;

const TYPE = 'carecord-application+jws';

const applicationSchema = z.strictObject({
  did: didSchema,
  didHistory: z.string().max(MAX_DID_HISTORY_BYTES),
  name: memberNameSchema,
  ticket: z.string().min(1).max(MAX_TICKET_CHARACTERS).optional(),
  audience: didSchema,
  issuedAt: z.iso.datetime(),
});

/** Who applies: a DID that was resolved, or one that was just made and that nobody has witnessed yet. */
export type Applicant = Pick<ResolvedDid, 'did' | 'signingKeyIds'> & ({ readonly log: DidHistory } | { readonly history: DidHistory });

/** A verified application. */
export interface MembershipApplication {
  readonly did: string;
  readonly history: DidHistory;
  /** The applicant as its history says, with everything verified but the witnesses of the last version, who are to be asked. */
  readonly resolved: ResolvedDid;
  readonly name: string;
  readonly ticket?: string;
}

/**
 * Asks an authority for membership, and proves by signing that the applicant holds its DID's keys.
 * @param options.ticket what the authority gave the applicant beforehand, to know whom it admits; without one a person decides
 * @param options.audience the authority's DID
 */
export function createMembershipApplication(options: {
  readonly subject: Applicant;
  readonly signer: HybridSigner;
  readonly name: string;
  readonly ticket?: string;
  readonly audience: string;
  readonly clock: Clock;
}): Promise<GeneralJws> {
  const { subject, signer, name, ticket, audience, clock } = options;
  const application = {
    did: subject.did,
    didHistory: 'log' in subject ? subject.log : subject.history,
    name,
    ...(ticket === undefined ? {} : { ticket }),
    audience,
    issuedAt: clock.now().toISOString(),
  };
  return signStatement(applicationSchema, TYPE, { signingKeyIds: subject.signingKeyIds, signer }, application);
}

/**
 * Verifies an application: for this authority, fresh, and signed by both present keys of the DID whose history it carries. It does
 * not judge the ticket, nor whether the application was seen before: the authority lets each ticket be used once, and applies
 * the same application twice to no effect.
 * @param jws anything: it is parsed by a schema first
 * @throws IdentityError `APPLICATION_INVALID`, `APPLICATION_WRONG_AUDIENCE`, `APPLICATION_EXPIRED`, and as `resolveDidHistory` does
 */
export async function verifyMembershipApplication(
  jws: unknown,
  expected: { readonly audience: string; readonly now: Date },
): Promise<MembershipApplication> {
  const claimed = readUnverified(jws);
  // The cheap checks come first: a stranger's statement should cost little until it is worth more.
  if (claimed.audience !== expected.audience) throw new IdentityError('APPLICATION_WRONG_AUDIENCE', 'The application is for another authority.');
  checkFresh(new Date(claimed.issuedAt), expected.now);
  const resolved = await resolveUnwitnessedDid(claimed.did, claimed.didHistory, MEMBER_POLICY, expected.now);
  const { did, didHistory, name, ticket } = await openBy(resolved, jws);
  return { did, history: didHistory, resolved, name, ...(ticket === undefined ? {} : { ticket }) };
}

function readUnverified(jws: unknown): z.infer<typeof applicationSchema> {
  try {
    return readStatement(applicationSchema, jws, MAX_PAYLOAD_CHARACTERS).statement;
  } catch (cause) {
    throw applicationInvalid(cause);
  }
}

/** Who applies holds the present keys; the earlier ones prove nothing about today. */
async function openBy(subject: ResolvedDid, jws: unknown): Promise<z.infer<typeof applicationSchema>> {
  try {
    return (await openStatement(applicationSchema, TYPE, [subject.signing], jws)).statement;
  } catch (cause) {
    throw applicationInvalid(cause);
  }
}

function checkFresh(issuedAt: Date, now: Date): void {
  const age = now.getTime() - issuedAt.getTime();
  if (age > MAX_AGE_MILLISECONDS || age < -CLOCK_SKEW_MILLISECONDS) {
    throw new IdentityError('APPLICATION_EXPIRED', 'The application was not made just now; make a new one.');
  }
}

function applicationInvalid(cause: unknown): IdentityError {
  return new IdentityError('APPLICATION_INVALID', 'The application for membership does not verify.', { cause });
}
