import { fromBase64Url, toBase64Url } from '@carecord/core';
import { hashWithContext, randomNonce, sha256 } from '@carecord/crypto';

/** Too long to guess: 256 bits. */
const TOKEN_BYTES = 32;
/** Enough to tell a person's sessions apart. */
const SESSION_ID_BYTES = 16;

/** A fresh random token, and the hash under which it is kept. */
export function newToken(): { readonly token: string; readonly tokenHash: Uint8Array } {
  const bytes = randomNonce(TOKEN_BYTES);
  return { token: toBase64Url(bytes), tokenHash: sha256(bytes) };
}

/** The hash under which a token is kept; undefined for a text that cannot be one of our tokens. */
export function hashOfToken(token: string): Uint8Array | undefined {
  const bytes = fromBase64Url(token);
  return bytes.length === TOKEN_BYTES && toBase64Url(bytes) === token ? sha256(bytes) : undefined;
}

/** What a session is called in a list: it says nothing about the token. */
export function sessionIdOf(tokenHash: Uint8Array): string {
  return toBase64Url(hashWithContext('node/session-id', tokenHash).subarray(0, SESSION_ID_BYTES));
}
