import { base64UrlSchema, fromBase64Url, toBase64Url } from '@carecord/core';
import { ML_DSA_65_PUBLIC_KEY_BYTES, RECIPIENT_PUBLIC_KEY_BYTES } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import { z } from 'zod';
import { MAX_DID_CHARACTERS } from '../limits.ts';
import { COSIGNING_MEMBER } from './did-cosignature.ts';
import type { CosigningCommitment } from './did-cosignature.ts';
import { didWebOf } from './did-web-alias.ts';
import { ed25519Multikey, ed25519OfMultikey, MAX_MULTIKEY_CHARACTERS } from './multikey.ts';

/** A JOSE `alg` of our own: no name is registered for HPKE with this KEM yet. */
const RECIPIENT_ALGORITHM = 'carecord-hpke-mlkem768-x25519';

/** How many earlier pairs of signing keys stay listed after planned rotations: what they signed is verified meanwhile. */
export const MAX_PREVIOUS_SIGNING_KEYS = 3;

/** A pair of signing keys and its number, which both keys' ids end in. */
export interface NumberedSigning {
  readonly number: number;
  readonly publicKeys: SigningPublicKeys;
}

/** Where a hospital can be reached: in the document as a service. */
export interface DidService {
  /** Such as `CarecordPeer`, `CarecordGraphQL`, `FhirBase`. */
  readonly type: string;
  /** A URL, or a multiaddr. */
  readonly endpoint: string;
}

/** What a document of ours says. */
export interface DocumentContent {
  readonly signing: NumberedSigning;
  /** Newest first, at most {@link MAX_PREVIOUS_SIGNING_KEYS}. */
  readonly previousSigning: readonly NumberedSigning[];
  readonly recipient: { readonly number: number; readonly publicKey: Uint8Array };
  readonly services: readonly DidService[];
}

/** Ids of the two signing keys of one number. */
export function signingKeyIds(did: string, number: number): { readonly ed25519: string; readonly mlDsa65: string } {
  return { ed25519: `${did}#ed25519-${number}`, mlDsa65: `${did}#ml-dsa-65-${number}` };
}

/** Id of the key to seal to, of a number in the hospital's key ring. */
export function recipientKeyId(did: string, number: number): string {
  return `${did}#recipient-${number}`;
}

/**
 * The DID document of a hospital. Its keys are encoded so:
 * - Ed25519 as a Multikey, which is registered;
 * - ML-DSA-65 as a JsonWebKey of type AKP, the JOSE registration for FIPS 204;
 * - X25519 with ML-KEM-768 as a JsonWebKey of type AKP whose `alg`, `carecord-hpke-mlkem768-x25519`, is ours: `pub` is the
 *   1216 bytes that HPKE's KEM 0x647a serialises.
 *
 * Earlier signing keys stand under `assertionMethod` alone: their statements still verify, but nobody authenticates with them.
 * `carecordCosigning` commits the keys that cosign this version and the next; JSON-LD processors pass it over.
 * @param did the DID, with `{SCID}` where its self-certifying identifier is not known yet
 */
export function hospitalDocument(did: string, content: DocumentContent, cosigning: CosigningCommitment): Record<string, unknown> & { readonly id: string } {
  const { signing, previousSigning, recipient, services } = content;
  const current = Object.values(signingKeyIds(did, signing.number));
  const previous = previousSigning.flatMap(({ number }) => Object.values(signingKeyIds(did, number)));
  const recipientId = recipientKeyId(did, recipient.number);
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1', 'https://w3id.org/security/jwk/v1'],
    id: did,
    // Its did:web at the same place, which names this DID in turn.
    alsoKnownAs: [didWebOf(did)],
    verificationMethod: [
      ...[signing, ...previousSigning].flatMap((pair) => signingMethods(did, pair)),
      { id: recipientId, type: 'JsonWebKey', controller: did, publicKeyJwk: jsonWebKey(RECIPIENT_ALGORITHM, recipient.publicKey) },
    ],
    authentication: current,
    assertionMethod: [...current, ...previous],
    keyAgreement: [recipientId],
    service: services.map(({ type, endpoint }, at) => ({ id: `${did}#service-${at + 1}`, type, serviceEndpoint: endpoint })),
    [COSIGNING_MEMBER]: cosigning,
  };
}

function signingMethods(did: string, { number, publicKeys }: NumberedSigning): readonly Record<string, unknown>[] {
  const ids = signingKeyIds(did, number);
  return [
    { id: ids.ed25519, type: 'Multikey', controller: did, publicKeyMultibase: ed25519Multikey(publicKeys.ed25519) },
    { id: ids.mlDsa65, type: 'JsonWebKey', controller: did, publicKeyJwk: jsonWebKey('ML-DSA-65', publicKeys.mlDsa65) },
  ];
}

function jsonWebKey(alg: string, publicKey: Uint8Array): Record<string, string> {
  return { kty: 'AKP', alg, pub: toBase64Url(publicKey) };
}

/** `#` and the name of a key or service in its document; ours have at most twenty characters. */
const MAX_FRAGMENT_CHARACTERS = 64;
/** Names of algorithms and of kinds of service; ours is the longest that we know. */
const MAX_NAME_CHARACTERS = 64;
/** Keys of a document, and entries of each relationship: ours has nine at the most. */
const MAX_KEYS = 16;
const MAX_SERVICES = 16;
const MAX_ENDPOINT_CHARACTERS = 512;

const didUrl = z.string().max(MAX_DID_CHARACTERS + MAX_FRAGMENT_CHARACTERS);
const name = z.string().min(1).max(MAX_NAME_CHARACTERS);
const multikeySchema = z.object({ id: didUrl, type: z.literal('Multikey'), controller: didUrl, publicKeyMultibase: z.string().max(MAX_MULTIKEY_CHARACTERS) });
const jsonWebKeySchema = z.object({
  id: didUrl,
  type: z.literal('JsonWebKey'),
  controller: didUrl,
  publicKeyJwk: z.strictObject({ kty: z.literal('AKP'), alg: name, pub: base64UrlSchema({ atMost: ML_DSA_65_PUBLIC_KEY_BYTES }) }),
});
const serviceSchema = z.object({ id: didUrl, type: name, serviceEndpoint: z.string().min(1).max(MAX_ENDPOINT_CHARACTERS) });
const documentSchema = z.object({
  id: didUrl,
  verificationMethod: z.array(z.union([multikeySchema, jsonWebKeySchema])).max(MAX_KEYS),
  authentication: z.array(didUrl).max(MAX_KEYS),
  assertionMethod: z.array(didUrl).max(MAX_KEYS),
  keyAgreement: z.array(didUrl).max(MAX_KEYS),
  service: z.array(serviceSchema).max(MAX_SERVICES).optional(),
});

type Document = z.infer<typeof documentSchema>;
type Method = Document['verificationMethod'][number];

/**
 * Reads a document that {@link hospitalDocument} shaped: one pair of signing keys to authenticate with, up to three earlier
 * ones, and one key to seal to, each named after its kind and number.
 * @throws an Error that says what is wrong; the caller gives it a code
 */
export function documentContent(did: string, document: unknown): DocumentContent {
  const parsed = documentSchema.parse(document);
  const methods = new Map(parsed.verificationMethod.filter(({ controller }) => controller === did).map((method) => [method.id, method]));
  if (methods.size !== parsed.verificationMethod.length) throw new Error('Two keys in the DID document share an id, or one is of another DID.');
  const numbers = signingNumbers(did, parsed.assertionMethod);
  const [current, ...earlier] = numbers.map((number) => readSigning(did, number, methods));
  if (current === undefined || earlier.length > MAX_PREVIOUS_SIGNING_KEYS) throw new Error('The DID document has no signing keys, or too many.');
  const { ed25519, mlDsa65 } = signingKeyIds(did, current.number);
  if (parsed.authentication.length !== 2 || ![ed25519, mlDsa65].every((id) => parsed.authentication.includes(id))) {
    throw new Error('The DID document does not have exactly its newest signing keys to authenticate with.');
  }
  return {
    signing: current,
    previousSigning: earlier,
    recipient: readRecipient(did, parsed.keyAgreement, methods),
    services: (parsed.service ?? []).map(({ type, serviceEndpoint }) => ({ type, endpoint: serviceEndpoint })),
  };
}

/** The numbers of the pairs under a relationship, in its order; throws unless each pair is there once, as a whole. */
function signingNumbers(did: string, ids: readonly string[]): readonly number[] {
  const numbers = ids.flatMap((id) => (id.startsWith(`${did}#ed25519-`) ? [numberOf(id)] : []));
  const expected = new Set(numbers.flatMap((number) => Object.values(signingKeyIds(did, number))));
  if (expected.size !== ids.length || !ids.every((id) => expected.has(id))) throw new Error('The DID document does not list its signing keys in pairs.');
  return numbers;
}

function readSigning(did: string, number: number, methods: ReadonlyMap<string, Method>): NumberedSigning {
  const ids = signingKeyIds(did, number);
  const ed25519 = methods.get(ids.ed25519);
  if (ed25519?.type !== 'Multikey') throw new Error('The DID document lacks an Ed25519 key.');
  return { number, publicKeys: { ed25519: ed25519OfMultikey(ed25519.publicKeyMultibase), mlDsa65: readJsonWebKey(methods.get(ids.mlDsa65), 'ML-DSA-65', ML_DSA_65_PUBLIC_KEY_BYTES) } };
}

function readRecipient(did: string, ids: readonly string[], methods: ReadonlyMap<string, Method>): DocumentContent['recipient'] {
  const [id = '', ...others] = ids;
  const number = numberOf(id);
  if (others.length > 0 || id !== recipientKeyId(did, number)) throw new Error('The DID document does not have exactly one key to seal to.');
  return { number, publicKey: readJsonWebKey(methods.get(id), RECIPIENT_ALGORITHM, RECIPIENT_PUBLIC_KEY_BYTES) };
}

function readJsonWebKey(method: Method | undefined, algorithm: string, length: number): Uint8Array {
  if (method?.type !== 'JsonWebKey' || method.publicKeyJwk.alg !== algorithm) throw new Error('The DID document lacks a key.');
  const publicKey = fromBase64Url(method.publicKeyJwk.pub);
  if (publicKey.length !== length) throw new Error('A key in the DID document has the wrong length.');
  return publicKey;
}

/** The number that a key's id ends in. */
function numberOf(id: string): number {
  const digits = /-([1-9]\d{0,8})$/.exec(id)?.[1];
  if (digits === undefined) throw new Error('A key in the DID document has no number.');
  return Number(digits);
}
