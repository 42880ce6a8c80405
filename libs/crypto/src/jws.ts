import { flattenedVerify } from 'jose';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { CryptoError } from './crypto-error.ts';
import { importEd25519PublicKey } from './ed25519.ts';
import type { HybridSigner, SigningPublicKeys } from './hybrid-signature.ts';
import { importMlDsa65PublicKey } from './ml-dsa.ts';

/** The largest payload: a grant that names 20,000 versions. Messages that carry a JWS have tighter limits of their own. */
const MAX_PAYLOAD_CHARACTERS = 8 * 1024 * 1024;
/** A header holds an algorithm, a type and a DID URL (at most 400 characters), as base64url. */
const MAX_HEADER_CHARACTERS = 1024;
/** An ML-DSA-65 signature has 3309 bytes. */
const MAX_SIGNATURE_CHARACTERS = 4412;

/** RFC 9864 (`Ed25519`, fully specified) and the JOSE registration of FIPS 204. */
const ED25519 = 'Ed25519';
const ML_DSA_65 = 'ML-DSA-65';

const base64url = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]*$/);

const signatureSchema = z.strictObject({ protected: base64url(MAX_HEADER_CHARACTERS), signature: base64url(MAX_SIGNATURE_CHARACTERS) });

/** A General JWS of ours in JSON: exactly two signatures, nothing unprotected. */
export const generalJwsSchema = z.strictObject({
  payload: base64url(MAX_PAYLOAD_CHARACTERS),
  signatures: z.array(signatureSchema).length(2).readonly(),
});

/** JWS General JSON Serialization (RFC 7515, section 7.2.1): everything is base64url. */
export interface GeneralJws {
  readonly payload: string;
  readonly signatures: readonly { readonly protected: string; readonly signature: string }[];
}

const headerSchema = z.strictObject({ alg: z.enum([ED25519, ML_DSA_65]), typ: z.string().max(256), kid: z.string().max(400) });

/**
 * Signs a payload with both keys as a General JWS whose headers hold `alg`, `typ` and `kid` alone.
 * @param type the media type without `application/`, such as `vc+jwt`: says what the payload is
 * @param keyIds the DID URLs of the two verification methods
 */
export async function signJws(
  signer: HybridSigner,
  type: string,
  keyIds: { readonly ed25519: string; readonly mlDsa65: string },
  payload: Uint8Array,
): Promise<GeneralJws> {
  const encodedPayload = Buffer.from(payload).toString('base64url');
  const ed25519 = encodeHeader({ alg: ED25519, typ: type, kid: keyIds.ed25519 });
  const mlDsa65 = encodeHeader({ alg: ML_DSA_65, typ: type, kid: keyIds.mlDsa65 });
  const signature = await signer.signEach({
    ed25519: Buffer.from(`${ed25519}.${encodedPayload}`, 'ascii'),
    mlDsa65: Buffer.from(`${mlDsa65}.${encodedPayload}`, 'ascii'),
  });
  return {
    payload: encodedPayload,
    signatures: [
      { protected: ed25519, signature: Buffer.from(signature.ed25519).toString('base64url') },
      { protected: mlDsa65, signature: Buffer.from(signature.mlDsa65).toString('base64url') },
    ],
  };
}

/**
 * Verifies what {@link signJws} made: exactly the two signatures, in their order, over headers of exactly `alg`, `typ` and
 * `kid`, both by the keys given.
 * @param jws anything: it is parsed by a schema first
 * @returns the payload
 * @throws CryptoError `JWS_INVALID`
 */
export async function verifyJws(jws: unknown, type: string, publicKeys: SigningPublicKeys): Promise<Uint8Array> {
  const parsed = generalJwsSchema.safeParse(jws);
  if (!parsed.success) throw jwsInvalid();
  const { payload, signatures } = parsed.data;
  const [first, second] = signatures;
  try {
    const ed25519 = importEd25519PublicKey(publicKeys.ed25519);
    const mlDsa65 = importMlDsa65PublicKey(publicKeys.mlDsa65);
    await Promise.all([
      verifyOne(payload, first, { type, algorithm: ED25519, key: ed25519 }),
      verifyOne(payload, second, { type, algorithm: ML_DSA_65, key: mlDsa65 }),
    ]);
  } catch (cause) {
    throw jwsInvalid(cause);
  }
  return new Uint8Array(Buffer.from(payload, 'base64url'));
}

async function verifyOne(
  payload: string,
  signature: z.infer<typeof signatureSchema> | undefined,
  expected: { readonly type: string; readonly algorithm: string; readonly key: KeyObject },
): Promise<void> {
  if (signature === undefined) throw jwsInvalid();
  const header = decodeHeader(signature.protected);
  if (header.alg !== expected.algorithm || header.typ !== expected.type) throw jwsInvalid();
  await flattenedVerify({ payload, ...signature }, expected.key, { algorithms: [expected.algorithm] });
}

function encodeHeader(header: z.infer<typeof headerSchema>): string {
  return Buffer.from(JSON.stringify(header), 'utf8').toString('base64url');
}

function decodeHeader(encoded: string): z.infer<typeof headerSchema> {
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  const header: unknown = JSON.parse(text);
  // A header that names a member twice reads differently in different parsers; written back, it is shorter.
  if (JSON.stringify(header) !== text) throw jwsInvalid();
  return headerSchema.parse(header);
}

function jwsInvalid(cause?: unknown): CryptoError {
  return new CryptoError('JWS_INVALID', 'A signed statement does not verify.', { cause });
}
