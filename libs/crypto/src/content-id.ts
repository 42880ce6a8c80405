import { blake3 } from '@napi-rs/blake-hash';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { z } from 'zod';
import { CryptoError } from './crypto-error.ts';

/** Multicodec table: `raw` binary, and the multihash code of BLAKE3. */
const RAW_CODEC = 0x55;
const BLAKE3_MULTIHASH = 0x1e;
const BLAKE3_BYTES = 32;
/** 36 bytes (version, codec, multihash) in base32, with the letter that names the base. */
const CONTENT_ID_CHARACTERS = 59;

/**
 * The content id of a ciphertext: CIDv1, raw codec, BLAKE3-256, base32. It says nothing about the plaintext.
 * @param ciphertext any number of bytes
 */
export function contentIdOf(ciphertext: Uint8Array): string {
  return CID.createV1(RAW_CODEC, createDigest(BLAKE3_MULTIHASH, blake3(ciphertext))).toString();
}

/**
 * Checks that the bytes are those that the content id names.
 * @throws CryptoError `CONTENT_ID_MISMATCH`, also when the text is no content id
 */
export function verifyContentId(contentId: string, ciphertext: Uint8Array): void {
  if (contentIdOf(ciphertext) !== contentId) {
    throw new CryptoError('CONTENT_ID_MISMATCH', 'The bytes are not those that the content id names.');
  }
}

/** Whether the text is a content id in the one spelling that {@link contentIdOf} gives. */
export function isContentId(text: string): boolean {
  try {
    const parsed = CID.parse(text);
    return (
      parsed.version === 1 &&
      parsed.code === RAW_CODEC &&
      parsed.multihash.code === BLAKE3_MULTIHASH &&
      parsed.multihash.digest.length === BLAKE3_BYTES &&
      parsed.toString() === text
    );
  } catch {
    return false;
  }
}

/** A content id in a message; its length is looked at before it is parsed. */
export const contentIdSchema = z.string().length(CONTENT_ID_CHARACTERS, { abort: true }).refine(isContentId, 'is no content id');
