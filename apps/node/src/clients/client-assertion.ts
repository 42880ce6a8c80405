import type { KeyObject } from 'node:crypto';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { ASSERTION_ALGORITHMS, MAX_KEY_ID_LENGTH } from './client-key-set.ts';
import type { AssertionAlgorithm } from './client-key-set.ts';
import { notThisClient, TokenError } from './token-error.ts';

/** SMART App Launch 2.2: an assertion is valid for five minutes at the most. */
const MAX_ASSERTION_SECONDS = 5 * 60;
/** How far a client's clock may be from ours. */
const CLOCK_SKEW_SECONDS = 30;
/** An RS384 signature of 8192 bits and generous claims. */
export const MAX_ASSERTION_CHARACTERS = 8 * 1024;
const MAX_CLIENT_ID_LENGTH = 100;
const MAX_ASSERTION_ID_LENGTH = 256;

const headerSchema = z.object({
  alg: z.enum(ASSERTION_ALGORITHMS),
  typ: z.string().regex(/^jwt$/i).optional(),
  kid: z.string().min(1).max(MAX_KEY_ID_LENGTH),
});

/** Seconds since 1970 (RFC 7519, section 2, NumericDate). */
const numericDateSchema = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

const claimsSchema = z.object({
  // RFC 6749, appendix A.1: visible characters and spaces. PostgreSQL, which is asked for it, stores no NUL.
  iss: z.string().regex(/^[\x20-\x7E]+$/).max(MAX_CLIENT_ID_LENGTH),
  sub: z.string().max(MAX_CLIENT_ID_LENGTH),
  // One audience: an assertion that is also for somebody else could be played to us by that one.
  aud: z.union([z.string(), z.tuple([z.string()])]).transform((audience) => (typeof audience === 'string' ? audience : audience[0])),
  exp: numericDateSchema,
  jti: z.string().min(1).max(MAX_ASSERTION_ID_LENGTH),
  iat: numericDateSchema.optional(),
  nbf: numericDateSchema.optional(),
});

type AssertionClaims = z.infer<typeof claimsSchema>;

/** What an assertion says of itself: nothing of it is proven yet. */
export interface ClaimedAssertion {
  readonly jwt: string;
  readonly clientId: string;
  readonly keyId: string;
  readonly algorithm: AssertionAlgorithm;
  readonly claims: AssertionClaims;
}

/** @throws TokenError `invalid_client` when it cannot be an assertion that we would take */
export function readAssertion(jwt: string): ClaimedAssertion {
  try {
    const { alg, kid } = headerSchema.parse(decodeProtectedHeader(jwt));
    const claims = claimsSchema.parse(decodeJwt(jwt));
    return { jwt, clientId: claims.iss, keyId: kid, algorithm: alg, claims };
  } catch (cause) {
    throw notThisClient(cause);
  }
}

/** Keys that nobody has: a client that is not known takes as long as a signature that is wrong. */
export class DecoyKeys {
  private readonly keys: Promise<Readonly<Record<AssertionAlgorithm, KeyObject>>> = makeDecoys();

  async of(algorithm: AssertionAlgorithm): Promise<KeyObject> {
    return (await this.keys)[algorithm];
  }
}

async function makeDecoys(): Promise<Readonly<Record<AssertionAlgorithm, KeyObject>>> {
  const generate = promisify(generateKeyPair);
  const [rsa, ec] = await Promise.all([generate('rsa', { modulusLength: 2048 }), generate('ec', { namedCurve: 'P-384' })]);
  return { RS384: rsa.publicKey, ES384: ec.publicKey };
}

/**
 * Checks the signature, and then what the client says about itself, for whom and for when (RFC 7523, section 3).
 * @param audiences our own names: the address of the token endpoint and the issuer
 * @returns until when the assertion could be used: so long its `jti` is remembered
 * @throws TokenError `invalid_client`; what is wrong with the claims is told to who has proven the key alone
 */
export async function verifyAssertion(assertion: ClaimedAssertion, key: KeyObject, { audiences, now }: { readonly audiences: readonly string[]; readonly now: Date }): Promise<Date> {
  await compactVerify(assertion.jwt, key, { algorithms: [assertion.algorithm] }).catch((cause: unknown) => {
    throw notThisClient(cause);
  });
  const problem = problemOf(assertion.claims, audiences, now.getTime() / 1000);
  if (problem !== undefined) throw new TokenError('invalid_client', problem);
  return new Date(Math.ceil((assertion.claims.exp + CLOCK_SKEW_SECONDS) * 1000));
}

function problemOf({ iss, sub, aud, exp, iat, nbf }: AssertionClaims, audiences: readonly string[], now: number): string | undefined {
  if (iss !== sub) return 'In the assertion iss and sub must both be the client id.';
  if (!audiences.includes(aud)) return 'The assertion is for another audience: aud must be the address of this token endpoint.';
  if (exp + CLOCK_SKEW_SECONDS <= now) return 'The assertion has expired.';
  if (exp - CLOCK_SKEW_SECONDS > now + MAX_ASSERTION_SECONDS) return 'The assertion is valid for too long: exp must be at most five minutes ahead.';
  if (Math.max(iat ?? 0, nbf ?? 0) - CLOCK_SKEW_SECONDS > now) return 'The assertion is not valid yet: compare the clocks.';
  return undefined;
}
