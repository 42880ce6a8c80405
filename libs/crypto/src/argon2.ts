import { argon2 } from 'node:crypto';
import { plain } from './framing.ts';

/** What a hash costs: `memory` in KiB, `passes` over it, `parallelism` in lanes. */
export interface Argon2Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** RFC 9106, section 3.1: salt of 16 bytes, tag of 32. */
export const ARGON2_SALT_BYTES = 16;
export const ARGON2_TAG_BYTES = 32;

/** Argon2id (RFC 9106, version 0x13), off the main thread: 32 bytes. */
export function argon2id(secret: string, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array> {
  // NFKC, so that the same characters typed on another keyboard give the same bytes (RFC 8265 asks for a normal form).
  const message = Buffer.from(secret.normalize('NFKC'), 'utf8');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, tagLength: ARGON2_TAG_BYTES, ...cost }, (error, tag) => {
      if (error) reject(error);
      else resolve(plain(tag));
    });
  });
}
