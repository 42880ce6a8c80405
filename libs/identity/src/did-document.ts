import { base64UrlSchema, fromBase64Url, toBase64Url } from '@carecord/core';
import { ED25519_PUBLIC_KEY_BYTES, ML_DSA_65_PUBLIC_KEY_BYTES, RECIPIENT_PUBLIC_KEY_BYTES } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import { MultibaseEncoding, multibaseDecode, multibaseEncode } from 'didwebvh-ts';
import type { DIDDoc } from 'didwebvh-ts';
import { z } from 'zod';
import { MAX_DID_CHARACTERS } from './limits.ts';

/** Multicodec table: `ed25519-pub`, as an unsigned varint. */
const ED25519_MULTICODEC = Uint8Array.of(0xed, 0x01);

/** A JOSE `alg` of our own: no name is registered for HPKE with this KEM yet. */
const RECIPIENT_ALGORITHM = 'carecord-hpke-mlkem768-x25519';

/** What a document of ours says: three keys. */
export interface DocumentKeys {
  readonly signing: SigningPublicKeys;
  readonly signingKeyIds: { readonly ed25519: string; readonly mlDsa65: string };
  readonly recipientPublicKey: Uint8Array;
  readonly recipientKeyId: string;
}

/** An Ed25519 public key as a Multikey (Controlled Identifiers 1.0, section 2.2.2): multicodec, then base58btc. */
export function ed25519Multikey(publicKey: Uint8Array): string {
  return multibaseEncode(Buffer.concat([ED25519_MULTICODEC, publicKey]), MultibaseEncoding.BASE58_BTC);
}

/**
 * The DID document of a hospital. Its keys are encoded so:
 * - Ed25519 as a Multikey, which is registered;
 * - ML-DSA-65 as a JsonWebKey of type AKP, the JOSE registration for FIPS 204;
 * - X25519 with ML-KEM-768 as a JsonWebKey of type AKP whose `alg`, `carecord-hpke-mlkem768-x25519`, is ours: `pub` is the
 *   1216 bytes that HPKE's KEM 0x647a serialises.
 * @param did the DID, with `{SCID}` where its self-certifying identifier is not known yet
 */
export function hospitalDocument(did: string, signing: SigningPublicKeys, recipientPublicKey: Uint8Array): DIDDoc {
  const signingKeyIds = [`${did}#ed25519`, `${did}#ml-dsa-65`];
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1', 'https://w3id.org/security/jwk/v1'],
    id: did,
    verificationMethod: [
      { id: `${did}#ed25519`, type: 'Multikey', controller: did, publicKeyMultibase: ed25519Multikey(signing.ed25519) },
      { id: `${did}#ml-dsa-65`, type: 'JsonWebKey', controller: did, publicKeyJwk: jsonWebKey('ML-DSA-65', signing.mlDsa65) },
      { id: `${did}#recipient`, type: 'JsonWebKey', controller: did, publicKeyJwk: jsonWebKey(RECIPIENT_ALGORITHM, recipientPublicKey) },
    ],
    authentication: signingKeyIds,
    assertionMethod: signingKeyIds,
    keyAgreement: [`${did}#recipient`],
  };
}

function jsonWebKey(alg: string, publicKey: Uint8Array): Record<string, string> {
  return { kty: 'AKP', alg, pub: toBase64Url(publicKey) };
}

/** `#` and the name of a key in its document; ours have at most ten characters. */
const MAX_FRAGMENT_CHARACTERS = 64;
/** Multicodec prefix and 32 bytes in base58btc are 48 characters; decoding base58 takes the square of the length. */
const MAX_MULTIKEY_CHARACTERS = 128;
/** Names of algorithms; ours is the longest that we know. */
const MAX_ALGORITHM_CHARACTERS = 64;
/** Keys of a document, and entries of each relationship: ours has three, and a rotation shows old and new ones. */
const MAX_KEYS = 16;

const didUrl = z.string().max(MAX_DID_CHARACTERS + MAX_FRAGMENT_CHARACTERS);
const multikeySchema = z.object({ id: didUrl, type: z.literal('Multikey'), controller: didUrl, publicKeyMultibase: z.string().max(MAX_MULTIKEY_CHARACTERS) });
const jsonWebKeySchema = z.object({
  id: didUrl,
  type: z.literal('JsonWebKey'),
  controller: didUrl,
  publicKeyJwk: z.strictObject({ kty: z.literal('AKP'), alg: z.string().max(MAX_ALGORITHM_CHARACTERS), pub: base64UrlSchema({ atMost: ML_DSA_65_PUBLIC_KEY_BYTES }) }),
});
const documentSchema = z.object({
  id: didUrl,
  verificationMethod: z.array(z.union([multikeySchema, jsonWebKeySchema])).max(MAX_KEYS),
  authentication: z.array(didUrl).max(MAX_KEYS),
  assertionMethod: z.array(didUrl).max(MAX_KEYS),
  keyAgreement: z.array(didUrl).max(MAX_KEYS),
});

type Method = z.infer<typeof multikeySchema> | z.infer<typeof jsonWebKeySchema>;

/**
 * The three keys of a document that {@link hospitalDocument} shaped: exactly one of each kind, under the right relationships.
 * @throws an Error that says which is missing; the caller gives it a code
 */
export function documentKeys(did: string, document: unknown): DocumentKeys {
  const parsed = documentSchema.parse(document);
  const owned = parsed.verificationMethod.filter(({ id, controller }) => controller === did && id.startsWith(`${did}#`));
  const signingMethods = owned.filter(({ id }) => parsed.authentication.includes(id) && parsed.assertionMethod.includes(id));
  const ed25519 = onlyOne(signingMethods.filter(({ type }) => type === 'Multikey'));
  const mlDsa65 = onlyOne(signingMethods.filter((method) => isAlgorithm(method, 'ML-DSA-65')));
  const recipient = onlyOne(owned.filter((method) => parsed.keyAgreement.includes(method.id) && isAlgorithm(method, RECIPIENT_ALGORITHM)));
  return {
    signing: { ed25519: publicKeyOf(ed25519, ED25519_PUBLIC_KEY_BYTES), mlDsa65: publicKeyOf(mlDsa65, ML_DSA_65_PUBLIC_KEY_BYTES) },
    signingKeyIds: { ed25519: ed25519.id, mlDsa65: mlDsa65.id },
    recipientPublicKey: publicKeyOf(recipient, RECIPIENT_PUBLIC_KEY_BYTES),
    recipientKeyId: recipient.id,
  };
}

function onlyOne(methods: readonly Method[]): Method {
  const [method] = methods;
  if (method === undefined || methods.length > 1) throw new Error('The DID document does not have exactly one key of each kind.');
  return method;
}

function isAlgorithm(method: Method, algorithm: string): boolean {
  return method.type === 'JsonWebKey' && method.publicKeyJwk.alg === algorithm;
}

function publicKeyOf(method: Method, length: number): Uint8Array {
  const publicKey = method.type === 'Multikey' ? multikeyBytes(method.publicKeyMultibase) : fromBase64Url(method.publicKeyJwk.pub);
  if (publicKey.length !== length) throw new Error('A key in the DID document has the wrong length.');
  return publicKey;
}

function multikeyBytes(multikey: string): Uint8Array {
  const { bytes } = multibaseDecode(multikey);
  if (bytes[0] !== ED25519_MULTICODEC[0] || bytes[1] !== ED25519_MULTICODEC[1]) throw new Error('A Multikey is not an Ed25519 key.');
  return new Uint8Array(bytes.subarray(ED25519_MULTICODEC.length));
}
