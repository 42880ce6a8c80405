import { createPublicKey } from 'node:crypto';
import { ED25519_PUBLIC_KEY_BYTES, ML_DSA_65_PUBLIC_KEY_BYTES } from '@carecord/crypto';
import type { DIDDocument } from 'did-resolver';
import { multibaseDecode } from 'didwebvh-ts';
import { ED25519_MULTICODEC, MAX_LONG_MULTIKEY_CHARACTERS, MAX_MULTIKEY_CHARACTERS, ML_DSA_65_MULTICODEC, multikeyOf } from '../did/multikey.ts';
import { ResolutionFailure } from './result.ts';

const P256_COMPRESSED_BYTES = 33;
const X25519_PUBLIC_KEY_BYTES = 32;
/** RFC 5480: what stands before a compressed point in the SPKI of a P-256 key. */
export const P256_SPKI_PREFIX = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');

const SIGNING = ['authentication', 'assertionMethod', 'capabilityInvocation', 'capabilityDelegation'] as const;
const AGREEMENT = ['keyAgreement'] as const;

/** A kind of key: its multicodec as a varint, its length, and what it is good for. */
interface KeyKind {
  readonly name: 'Ed25519' | 'X25519' | 'P-256' | 'ML-DSA-65';
  readonly multicodec: readonly [number, number];
  readonly bytes: number;
  /** Long keys come in base64url: decoding base58 takes the square of the length. */
  readonly multibase: 'z' | 'u';
  readonly relationships: readonly (typeof SIGNING | typeof AGREEMENT)[number][];
  readonly isKey?: (publicKey: Uint8Array) => boolean;
}

const KINDS: readonly KeyKind[] = [
  { name: 'Ed25519', multicodec: ED25519_MULTICODEC, bytes: ED25519_PUBLIC_KEY_BYTES, multibase: 'z', relationships: SIGNING },
  { name: 'X25519', multicodec: [0xec, 0x01], bytes: X25519_PUBLIC_KEY_BYTES, multibase: 'z', relationships: AGREEMENT },
  { name: 'P-256', multicodec: [0x80, 0x24], bytes: P256_COMPRESSED_BYTES, multibase: 'z', relationships: [...SIGNING, ...AGREEMENT], isKey: isP256Point },
  // mldsa-65-pub: the keys that cosign our histories.
  { name: 'ML-DSA-65', multicodec: ML_DSA_65_MULTICODEC, bytes: ML_DSA_65_PUBLIC_KEY_BYTES, multibase: 'u', relationships: SIGNING },
];

/**
 * The document that a did:key is (W3C CCG did:key): Ed25519, X25519, P-256 (all base58btc) or ML-DSA-65 (base64url), as a
 * Multikey. No X25519 key is derived from an Ed25519 one.
 * @throws ResolutionFailure `invalidDid`
 */
export function didKeyDocument(did: string): DIDDocument {
  const multikey = multikeyOf(did);
  const key = readMultikey(multikey);
  if (key === undefined) throw new ResolutionFailure('invalidDid', 'The did:key does not hold a key of a kind that is known here.');
  const id = `${did}#${multikey}`;
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [{ id, type: 'Multikey', controller: did, publicKeyMultibase: multikey }],
    ...Object.fromEntries(key.relationships.map((relationship) => [relationship, [id]])),
  };
}

/** What a Multikey is, or undefined for one of a kind that is not known here or not encoded as its kind is. */
export function readMultikey(multikey: string): (Pick<KeyKind, 'name' | 'relationships'> & { readonly publicKey: Uint8Array }) | undefined {
  const bytes = decoded(multikey);
  if (bytes === undefined) return undefined;
  const kind = KINDS.find(({ multicodec, multibase }) => multikey.startsWith(multibase) && bytes[0] === multicodec[0] && bytes[1] === multicodec[1]);
  const publicKey = bytes.subarray(2);
  if (kind?.bytes !== publicKey.length || kind.isKey?.(publicKey) === false) return undefined;
  return { name: kind.name, relationships: kind.relationships, publicKey };
}

function decoded(multikey: string): Uint8Array | undefined {
  if (multikey.startsWith('z')) {
    if (multikey.length > MAX_MULTIKEY_CHARACTERS) return undefined;
    try {
      return multibaseDecode(multikey).bytes;
    } catch {
      return undefined;
    }
  }
  if (!multikey.startsWith('u') || multikey.length > MAX_LONG_MULTIKEY_CHARACTERS) return undefined;
  const bytes = Buffer.from(multikey.slice(1), 'base64url');
  // One text for one key: Buffer passes over what is no base64url.
  return bytes.toString('base64url') === multikey.slice(1) ? bytes : undefined;
}

function isP256Point(compressed: Uint8Array): boolean {
  try {
    createPublicKey({ key: Buffer.concat([P256_SPKI_PREFIX, compressed]), format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}
