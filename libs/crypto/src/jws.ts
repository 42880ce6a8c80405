import { base64UrlSchema, fromBase64Url, toBase64Url } from '@carecord/core';
import { flattenedVerify } from 'jose';
import { z } from 'zod';
import { CryptoError } from './crypto-error.ts';
import { importEd25519PublicKey } from './ed25519.ts';
import type { HybridSigner, SigningPublicKeys } from './hybrid-signature.ts';
import { ML_DSA_65_SIGNATURE_BYTES } from './ml-dsa-port.ts';
import { verifyMlDsa65 } from './ml-dsa.ts';

/** The largest payload: a grant that names 20,000 versions. Messages that carry a JWS have tighter limits of their own. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** A header holds an algorithm, a type and a DID URL (at most 400 characters). */
const MAX_HEADER_BYTES = 768;

/** RFC 9864 (`Ed25519`, fully specified) and the JOSE registration of FIPS 204. */
const ED25519 = 'Ed25519';
const ML_DSA_65 = 'ML-DSA-65';

const signatureSchema = z.strictObject({
  protected: base64UrlSchema({ atMost: MAX_HEADER_BYTES }),
  // The longer one of the two.
  signature: base64UrlSchema({ atMost: ML_DSA_65_SIGNATURE_BYTES }),
});

/** A General JWS of ours in JSON: exactly two signatures, nothing unprotected. */
export const generalJwsSchema = z.strictObject({
  payload: base64UrlSchema({ atMost: MAX_PAYLOAD_BYTES }),
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
  const encodedPayload = toBase64Url(payload);
  const ed25519 = encodeHeader({ alg: ED25519, typ: type, kid: keyIds.ed25519 });
  const mlDsa65 = encodeHeader({ alg: ML_DSA_65, typ: type, kid: keyIds.mlDsa65 });
  const signature = await signer.signEach({
    ed25519: Buffer.from(`${ed25519}.${encodedPayload}`, 'ascii'),
    mlDsa65: Buffer.from(`${mlDsa65}.${encodedPayload}`, 'ascii'),
  });
  return {
    payload: encodedPayload,
    signatures: [
      { protected: ed25519, signature: toBase64Url(signature.ed25519) },
      { protected: mlDsa65, signature: toBase64Url(signature.mlDsa65) },
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
  if (first === undefined || second === undefined) throw jwsInvalid();
  try {
    checkHeader(first.protected, { alg: ED25519, typ: type });
    checkHeader(second.protected, { alg: ML_DSA_65, typ: type });
    await flattenedVerify({ payload, ...first }, importEd25519PublicKey(publicKeys.ed25519), { algorithms: [ED25519] });
    // Not through jose, which knows native keys alone: this one also verifies where Node has no ML-DSA.
    const signed = Buffer.from(`${second.protected}.${payload}`, 'ascii');
    if (!verifyMlDsa65(publicKeys.mlDsa65, signed, fromBase64Url(second.signature))) throw new Error('The ML-DSA-65 signature does not verify.');
  } catch (cause) {
    throw jwsInvalid(cause);
  }
  return fromBase64Url(payload);
}

function checkHeader(encoded: string, expected: { readonly alg: string; readonly typ: string }): void {
  const { alg, typ } = decodeHeader(encoded);
  if (alg !== expected.alg || typ !== expected.typ) throw new Error('The header names another algorithm or type.');
}

function encodeHeader(header: z.infer<typeof headerSchema>): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(header)));
}

function decodeHeader(encoded: string): z.infer<typeof headerSchema> {
  const text = new TextDecoder().decode(fromBase64Url(encoded));
  const header: unknown = JSON.parse(text);
  // A header that names a member twice reads differently in different parsers; written back, it is shorter.
  if (JSON.stringify(header) !== text) throw jwsInvalid();
  return headerSchema.parse(header);
}

function jwsInvalid(cause?: unknown): CryptoError {
  return new CryptoError('JWS_INVALID', 'A signed statement does not verify.', { cause });
}
