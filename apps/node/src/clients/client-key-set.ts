import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

/** The algorithms of SMART App Launch 2.2, "Client Authentication: Asymmetric": every server supports both, and we no other. */
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384'] as const;

export type AssertionAlgorithm = (typeof ASSERTION_ALGORITHMS)[number];

/** NIST SP 800-131A: shorter RSA keys must not sign any more. */
const MIN_RSA_BITS = 2048;
/** Longer ones protect nothing more and make every check of a stranger's signature expensive. */
const MAX_RSA_BITS = 8192;
const RSA_EXPONENT = 65_537n;
/** A key in use, one to come, and some for separate machines. */
const MAX_KEYS = 10;
export const MAX_KEY_ID_LENGTH = 200;
/** Ten RSA keys of 8192 bits and their names. */
export const MAX_KEY_SET_CHARACTERS = 32_000;

const base64Url = z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/, { error: 'is not base64url' });

const common = {
  kid: z.string().min(1, { error: 'is empty' }).max(MAX_KEY_ID_LENGTH, { error: `is longer than ${MAX_KEY_ID_LENGTH} characters` }),
  use: z.literal('sig', { error: 'must be "sig"' }).optional(),
  key_ops: z.array(z.literal('verify', { error: 'must be "verify" alone' })).max(1).optional(),
};

/** What a public key may hold and nothing else: a private key among our members would be somebody's accident, and is refused. */
const keySchema = z.discriminatedUnion(
  'kty',
  [
    z.strictObject({ ...common, kty: z.literal('RSA'), alg: z.literal('RS384', { error: 'must be "RS384" for an RSA key' }).optional(), n: base64Url, e: base64Url }),
    z.strictObject({
      ...common,
      kty: z.literal('EC'),
      alg: z.literal('ES384', { error: 'must be "ES384" for an EC key' }).optional(),
      crv: z.literal('P-384', { error: 'must be "P-384"' }),
      x: base64Url,
      y: base64Url,
    }),
  ],
  { error: 'must be an RSA or an EC public key' },
);

type ClientJwk = z.infer<typeof keySchema>;

/** A JSON Web Key Set (RFC 7517, section 5) of public keys with names of their own, strong enough to be believed. */
export const clientKeySetSchema = z
  .strictObject({ keys: z.array(keySchema).min(1, { error: 'holds no key' }).max(MAX_KEYS, { error: `holds more than ${MAX_KEYS} keys` }) })
  .superRefine(({ keys }, context) => {
    keys.forEach((key, index) => {
      const weakness = weaknessOf(key);
      if (weakness !== undefined) context.addIssue({ code: 'custom', path: ['keys', index], message: weakness });
      if (keys.findIndex(({ kid }) => kid === key.kid) !== index) context.addIssue({ code: 'custom', path: ['keys', index, 'kid'], message: 'is the name of another key' });
    });
  });

export type ClientKeySet = z.infer<typeof clientKeySetSchema>;

/** The public key of that name that can have made signatures of the algorithm. */
export function keyOf({ keys }: ClientKeySet, keyId: string, algorithm: AssertionAlgorithm): KeyObject | undefined {
  const key = keys.find(({ kid, kty }) => kid === keyId && kty === (algorithm === 'RS384' ? 'RSA' : 'EC'));
  return key === undefined ? undefined : importKey(key);
}

function weaknessOf(key: ClientJwk): string | undefined {
  let imported: KeyObject;
  try {
    imported = importKey(key);
  } catch {
    return 'is not a public key';
  }
  const { modulusLength, publicExponent } = imported.asymmetricKeyDetails ?? {};
  if (imported.asymmetricKeyType === 'ec') return undefined;
  if (modulusLength === undefined || modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS) return `must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`;
  return publicExponent === RSA_EXPONENT ? undefined : 'must have the public exponent 65537';
}

/** Checks also that the point of an EC key is on the curve. */
function importKey(key: ClientJwk): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}
