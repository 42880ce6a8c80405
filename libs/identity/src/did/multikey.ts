import { toBase64Url } from '@carecord/core';
import { ED25519_PUBLIC_KEY_BYTES, sha256 } from '@carecord/crypto';
import { MultibaseEncoding, multibaseDecode, multibaseEncode } from 'didwebvh-ts';

/** Multicodec table: `ed25519-pub`, as an unsigned varint. */
export const ED25519_MULTICODEC = [0xed, 0x01] as const;
/** Multicodec table: `mldsa-65-pub` (0x1211), as an unsigned varint. */
export const ML_DSA_65_MULTICODEC = [0x91, 0x24] as const;
/** Multihash: SHA-256, 32 bytes. */
const SHA256_MULTIHASH = Uint8Array.of(0x12, 0x20);

/** Multicodec prefix and 32 bytes in base58btc are 48 characters; decoding base58 takes the square of the length. */
export const MAX_MULTIKEY_CHARACTERS = 128;
/** `u` and 1954 bytes in base64url: a Multikey of ML-DSA-65, the longest there is here. */
export const MAX_LONG_MULTIKEY_CHARACTERS = 2_700;

/** An Ed25519 public key as a Multikey (Controlled Identifiers 1.0, section 2.2.2): multicodec, then base58btc. */
export function ed25519Multikey(publicKey: Uint8Array): string {
  return base58(Buffer.concat([Buffer.from(ED25519_MULTICODEC), publicKey]));
}

/** The 32 bytes of an Ed25519 Multikey; throws for anything else. */
export function ed25519OfMultikey(multikey: string): Uint8Array {
  if (multikey.length > MAX_MULTIKEY_CHARACTERS || !multikey.startsWith('z')) throw new Error('Not an Ed25519 Multikey.');
  const { bytes } = multibaseDecode(multikey);
  if (bytes[0] !== ED25519_MULTICODEC[0] || bytes[1] !== ED25519_MULTICODEC[1]) throw new Error('A Multikey is not an Ed25519 key.');
  if (bytes.length !== ED25519_MULTICODEC.length + ED25519_PUBLIC_KEY_BYTES) throw new Error('A Multikey has the wrong length.');
  return new Uint8Array(bytes.subarray(ED25519_MULTICODEC.length));
}

/** An ML-DSA-65 public key as a Multikey, in base64url: decoding base58 would take the square of a length of two thousand bytes. */
export function mlDsa65Multikey(publicKey: Uint8Array): string {
  return `u${toBase64Url(Buffer.concat([Buffer.from(ML_DSA_65_MULTICODEC), publicKey]))}`;
}

/** An Ed25519 public key as a DID of its own (did:key): how a witness is named. */
export function didKeyOf(publicKey: Uint8Array): string {
  return `did:key:${ed25519Multikey(publicKey)}`;
}

/** The Multikey that a did:key is. */
export function multikeyOf(didKey: string): string {
  return didKey.slice('did:key:'.length);
}

/** The DID URL of the one key of a did:key. */
export function didKeyUrl(didKey: string): string {
  return `${didKey}#${multikeyOf(didKey)}`;
}

/** base58btc in multibase, `z…`. */
export function base58(bytes: Uint8Array): string {
  return multibaseEncode(bytes, MultibaseEncoding.BASE58_BTC);
}

/** base58btc(multihash(SHA-256)) without multibase prefix, `Qm…`: did:webvh's form of each hash. */
export function multihash(content: Uint8Array): string {
  return base58(Buffer.concat([SHA256_MULTIHASH, sha256(content)])).slice(1);
}

/** did:webvh 1.0, "Pre-Rotation Key Hash Generation": of the key's Multikey text. */
export function keyHash(multikey: string): string {
  return multihash(Buffer.from(multikey, 'utf8'));
}
