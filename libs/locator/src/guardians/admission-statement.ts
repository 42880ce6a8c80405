import { canonicalJsonBytes } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { generalJwsSchema, signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, didSchema, networkIdSchema, verifyJwsWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import type { MessageProtocol } from '@carecord/network';
import { z } from 'zod';
import { LocatorError } from '../locator-error.ts';
import type { SigningKeysOf } from './ports.ts';

const TYPE = 'carecord-admissions+jws';
const HEX_HASH_CHARACTERS = 64;
/** A statement is made when it is needed: an older one was kept back. */
const MAX_AGE_MILLISECONDS = 24 * 60 * 60_000;

const admissionsSchema = z.strictObject({
  networkId: networkIdSchema,
  hospital: didSchema,
  /** Patients that the hospital has admitted since it began. */
  admitted: z.int().nonnegative(),
  /** The head of its audit log then: a hospital that says something else later has two logs. */
  audit: z.strictObject({ sequence: z.int().nonnegative(), hash: z.string().length(HEX_HASH_CHARACTERS) }),
  /** Milliseconds since 1970. */
  at: z.int().nonnegative(),
});

/** How many patients a hospital has admitted, by its own word. */
export type Admissions = z.infer<typeof admissionsSchema>;

/** What a hospital's records say now. */
export type AdmissionCount = Pick<Admissions, 'admitted' | 'audit'>;

/** Signs what the records say, with both keys of the hospital's DID. */
export async function signAdmissions(count: AdmissionCount, identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>, clock: Clock): Promise<GeneralJws> {
  const { resolved, signer } = identity.current();
  const statement = { ...count, networkId: identity.networkId, hospital: identity.did, at: clock.now().getTime() };
  return await signJws(signer, TYPE, resolved.signingKeyIds, canonicalJsonBytes(admissionsSchema.parse(statement)));
}

/**
 * Verifies a hospital's statement. It is the hospital's word alone: a checkpoint of its log, cosigned by witnesses, can take
 * the place of `audit`, and this function is where it is demanded then.
 * @param hospital who shows it, proven on the connection
 * @throws LocatorError `ADMISSIONS_INVALID`
 */
export async function openAdmissions(jws: GeneralJws, hospital: string, networkId: string, keysOf: SigningKeysOf, now: Date): Promise<Admissions> {
  try {
    const { payload } = await verifyJwsWithAnyKey((await keysOf(hospital)) ?? [], TYPE, jws);
    const statement = admissionsSchema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    if (statement.hospital !== hospital || statement.networkId !== networkId) throw new Error('It is by or for somebody else.');
    const age = now.getTime() - statement.at;
    if (age > MAX_AGE_MILLISECONDS || age < -CLOCK_SKEW_MILLISECONDS) throw new Error('It is not of now.');
    return statement;
  } catch (cause) {
    throw new LocatorError('ADMISSIONS_INVALID', 'A statement of admissions does not verify.', { cause });
  }
}

export const admissionsRequestSchema = z.strictObject({ statement: generalJwsSchema });
export const admissionsResponseSchema = z.strictObject({ credited: z.int().nonnegative() });

/** `/carecord/locator/admissions/1`: a hospital shows how many patients it has admitted, and hears how many count for publishing. */
export const ADMISSIONS_PROTOCOL: MessageProtocol<typeof admissionsRequestSchema, typeof admissionsResponseSchema> = {
  name: '/carecord/locator/admissions/1',
  request: admissionsRequestSchema,
  response: admissionsResponseSchema,
  // Half a kilobyte that is signed twice.
  maxRequestBytes: 8 * 1024,
  maxResponseBytes: 64,
  timeoutMilliseconds: 10_000,
  // Each verification costs a millisecond; a hospital shows a new one when its credit is used up.
  rate: { burst: 30, perSecond: 0.2 },
  refusalCodes: ['NOT_ENTITLED', 'ADMISSIONS_INVALID'],
};
