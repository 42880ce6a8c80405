import { ARGON2_SALT_BYTES, ARGON2_TAG_BYTES, argon2id } from './argon2.ts';
import type { Argon2Cost } from './argon2.ts';
import { CryptoError } from './crypto-error.ts';
import { constantTimeEqual, randomNonce } from './keys.ts';

/** OWASP's first choice for sign-in: 19 MiB lets a node check dozens of passwords at once without running out of memory. */
const COST: Argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 };

/** What a stored hash may ask of us: a changed row must not make a sign-in eat the machine. */
const GREATEST_COST: Argon2Cost = { memory: 262_144, passes: 10, parallelism: 8 };

/** Longer passwords are refused before they are hashed: 1024 characters are beyond any passphrase. */
const MAX_PASSWORD_CHARACTERS = 1024;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/**
 * Hashes a staff member's password with Argon2id (RFC 9106) and a fresh salt.
 * @returns a PHC string: `$argon2id$v=19$m=...,t=...,p=...$salt$hash`
 * @throws CryptoError `PASSWORD_TOO_LONG` above 1024 characters
 */
export async function hashPassword(password: string): Promise<string> {
  if (password.length > MAX_PASSWORD_CHARACTERS) {
    throw new CryptoError('PASSWORD_TOO_LONG', `A password has at most ${MAX_PASSWORD_CHARACTERS} characters.`);
  }
  const salt = randomNonce(ARGON2_SALT_BYTES);
  const tag = await argon2id(password, salt, COST);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Whether the password is the one of the PHC string; false, not an error, for what is not one of our PHC strings. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const parsed = parse(phc);
  if (parsed === undefined || password.length > MAX_PASSWORD_CHARACTERS) return false;
  return constantTimeEqual(await argon2id(password, parsed.salt, parsed.cost), parsed.tag);
}

function parse(phc: string): { readonly cost: Argon2Cost; readonly salt: Uint8Array; readonly tag: Uint8Array } | undefined {
  const match = PHC.exec(phc);
  if (!match) return undefined;
  const [, memoryText, passesText, parallelismText, saltText = '', tagText = ''] = match;
  const [memory, passes, parallelism] = [Number(memoryText), Number(passesText), Number(parallelismText)];
  // RFC 9106, section 3.1: at least one pass, and 8 KiB a lane.
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) return undefined;
  if (memory > GREATEST_COST.memory || passes > GREATEST_COST.passes || parallelism > GREATEST_COST.parallelism) return undefined;
  const salt = Buffer.from(saltText, 'base64');
  const tag = Buffer.from(tagText, 'base64');
  return salt.length === ARGON2_SALT_BYTES && tag.length === ARGON2_TAG_BYTES ? { cost: { memory, passes, parallelism }, salt, tag } : undefined;
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString('base64').replaceAll('=', '');
}
