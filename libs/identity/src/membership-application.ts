import { fromBase64Url } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { generalJwsSchema } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import { resolveDidLog } from './did-log.ts';
import type { ResolvedDid } from './did-log.ts';
import { IdentityError } from './identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS, MAX_DID_LOG_BYTES } from './limits.ts';
import { didSchema, memberNameSchema } from './schemas.ts';
import { openStatement, parseStatement, signStatement } from './statement.ts';

/** How old an application may be: it is made and sent at once. */
const MAX_AGE_MILLISECONDS = 2 * 60_000;
/** The payload is the DID history as a JSON text (each quote escaped) and a few short texts; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = 3 * MAX_DID_LOG_BYTES;
const MAX_TICKET_CHARACTERS = 256;

const TYPE = 'carecord-application+jws';

const applicationSchema = z.strictObject({
  did: didSchema,
  didLog: z.string().max(MAX_DID_LOG_BYTES),
  name: memberNameSchema,
  ticket: z.string().min(1).max(MAX_TICKET_CHARACTERS),
  audience: didSchema,
  issuedAt: z.iso.datetime(),
});

/**
 * Asks an authority for membership, and proves by signing that the applicant holds its DID's keys.
 * @param options.ticket what the authority gave the applicant beforehand, to know whom it admits
 * @param options.audience the authority's DID
 */
export function createMembershipApplication(options: {
  readonly subject: ResolvedDid;
  readonly signer: HybridSigner;
  readonly name: string;
  readonly ticket: string;
  readonly audience: string;
  readonly clock: Clock;
}): Promise<GeneralJws> {
  const { subject, signer, name, ticket, audience, clock } = options;
  const application = { did: subject.did, didLog: subject.log, name, ticket, audience, issuedAt: clock.now().toISOString() };
  return signStatement(applicationSchema, TYPE, { resolved: subject, signer }, application);
}

/**
 * Verifies an application: for this authority, fresh, and signed by both keys of the DID whose history it carries. It does
 * not judge the ticket, nor whether the application was seen before: the authority lets each ticket be used once.
 * @param jws anything: it is parsed by a schema first
 * @throws IdentityError `APPLICATION_INVALID`, `APPLICATION_WRONG_AUDIENCE`, `APPLICATION_EXPIRED`, `DID_LOG_INVALID`
 */
export async function verifyMembershipApplication(
  jws: unknown,
  expected: { readonly audience: string; readonly now: Date },
): Promise<{ readonly subject: ResolvedDid; readonly name: string; readonly ticket: string }> {
  const claimed = readUnverified(jws);
  // The cheap checks come first: a stranger's statement should cost little until it is worth more.
  if (claimed.audience !== expected.audience) throw new IdentityError('APPLICATION_WRONG_AUDIENCE', 'The application is for another authority.');
  checkFresh(new Date(claimed.issuedAt), expected.now);
  const subject = await resolveDidLog(claimed.did, claimed.didLog);
  const { name, ticket } = await openBy(subject, jws);
  return { subject, name, ticket };
}

function readUnverified(jws: unknown): z.infer<typeof applicationSchema> {
  try {
    const { payload } = generalJwsSchema.parse(jws);
    if (payload.length > MAX_PAYLOAD_CHARACTERS) throw new Error('The application is too large.');
    return parseStatement(applicationSchema, fromBase64Url(payload));
  } catch (cause) {
    throw applicationInvalid(cause);
  }
}

async function openBy(subject: ResolvedDid, jws: unknown): Promise<z.infer<typeof applicationSchema>> {
  try {
    return await openStatement(applicationSchema, TYPE, subject.signing, jws);
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
