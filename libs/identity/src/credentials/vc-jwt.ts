import { toBase64Url } from '@carecord/core';
import { ed25519PublicKey, mlDsa65Signer } from '@carecord/crypto';
import type { VerificationMethod } from 'did-resolver';
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { JWK } from 'jose';
import { z } from 'zod';
import { parseJson } from '../did/did-entries.ts';
import { didKeyOf, didKeyUrl, mlDsa65Multikey } from '../did/multikey.ts';
import type { DidResolutionResult } from '../resolution/result.ts';
import { multikeyJwk } from './multikey-jwk.ts';

/** Securing Verifiable Credentials using JOSE and COSE, section 3.1.1. */
const TYPE = 'vc+jwt';
const CONTENT_TYPE = 'vc';

/** JOSE's names: RFC 9864 and the older one for Ed25519, RFC 7518, and the registration of FIPS 204. */
const ALGORITHMS = ['Ed25519', 'EdDSA', 'ES256', 'ML-DSA-65'] as const;

/** A did:key of ML-DSA-65, twice. */
const MAX_KEY_ID_CHARACTERS = 6_000;
const headerSchema = z.looseObject({ alg: z.enum(ALGORITHMS), typ: z.literal(TYPE), kid: z.string().max(MAX_KEY_ID_CHARACTERS).regex(/^did:[^#?/]+#[^#]+$/) });

/** A key that issues, named by its did:key. */
export interface VcJwtIssuer {
  /** The issuer's DID. */
  readonly did: string;
  readonly algorithm: 'Ed25519' | 'ML-DSA-65';
  /** A compact JWS over a credential that was checked before. */
  sign(credential: unknown): Promise<string>;
}

/** An issuer from a seed of 32 bytes. */
export function vcJwtIssuer(algorithm: VcJwtIssuer['algorithm'], seed: Uint8Array): VcJwtIssuer {
  const { did, jwk } = algorithm === 'Ed25519' ? ed25519Key(seed) : mlDsa65Key(seed);
  const kid = didKeyUrl(did);
  return {
    did,
    algorithm,
    sign: async (credential) =>
      await new CompactSign(Buffer.from(JSON.stringify(credential), 'utf8'))
        .setProtectedHeader({ alg: algorithm, typ: TYPE, cty: CONTENT_TYPE, kid })
        .sign(await importJWK(jwk, algorithm)),
  };
}

/**
 * Verifies a compact JWS over a credential by the key that its `kid` names, which its DID must give for assertions.
 * @param resolve a DID resolver
 * @returns the credential, whose shape is not checked, and the DID whose key signed it
 * @throws an Error whose message may be shown; it holds nothing of the credential
 */
export async function openVcJwt(jws: string, resolve: (did: string) => Promise<DidResolutionResult>): Promise<{ readonly credential: unknown; readonly signedBy: string }> {
  const header = parseHeader(jws);
  const [did = ''] = header.kid.split('#');
  const { didDocument, didResolutionMetadata } = await resolve(did);
  if (didDocument === null) throw new Error(didResolutionMetadata.message ?? 'The DID whose key signed was deactivated.');
  const method = didDocument.verificationMethod?.find(({ id, controller }) => absolute(id, did) === header.kid && controller === did);
  const asserts = didDocument.assertionMethod?.some((entry) => absolute(typeof entry === 'string' ? entry : entry.id, did) === header.kid) === true;
  if (method === undefined || !asserts) throw new Error('The key that signed is not one that its DID gives for assertions.');
  const payload = await verified(jws, header.alg, method);
  return { credential: parsePayload(payload), signedBy: did };
}

function parseHeader(jws: string): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(decodeProtectedHeader(jws));
  } catch (cause) {
    throw new Error('The envelope is no compact JWS of the type vc+jwt with an algorithm that is known and a key id that is a DID URL.', { cause });
  }
}

async function verified(jws: string, algorithm: string, method: VerificationMethod): Promise<Uint8Array> {
  try {
    const jwk: JWK = method.publicKeyMultibase === undefined ? jsonWebKeyOf(method) : multikeyJwk(method.publicKeyMultibase);
    const { payload } = await compactVerify(jws, await importJWK(jwk, algorithm), { algorithms: [algorithm] });
    return payload;
  } catch (cause) {
    throw new Error('The signature does not verify.', { cause });
  }
}

function jsonWebKeyOf({ publicKeyJwk }: VerificationMethod): JWK {
  if (publicKeyJwk === undefined) throw new Error('A key in a form that is not known here.');
  return publicKeyJwk;
}

function parsePayload(payload: Uint8Array): unknown {
  try {
    return parseJson(Buffer.from(payload).toString('utf8'));
  } catch (cause) {
    throw new Error('The envelope does not hold JSON.', { cause });
  }
}

function absolute(id: string, did: string): string {
  return id.startsWith('#') ? `${did}${id}` : id;
}

function ed25519Key(seed: Uint8Array): { did: string; jwk: JWK } {
  const publicKey = ed25519PublicKey(seed);
  return { did: didKeyOf(publicKey), jwk: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey), d: toBase64Url(seed) } };
}

function mlDsa65Key(seed: Uint8Array): { did: string; jwk: JWK } {
  const { publicKey } = mlDsa65Signer(seed);
  return { did: `did:key:${mlDsa65Multikey(publicKey)}`, jwk: { kty: 'AKP', alg: 'ML-DSA-65', pub: toBase64Url(publicKey), priv: toBase64Url(seed) } };
}
