import { NodeError } from '../failures/node-error.ts';
import { COMMON_PASSWORDS } from './common-passwords.ts';

/** In characters. NIST SP 800-63B asks for at least eight and better fifteen; with a lock-out and Argon2id twelve hold. */
export const MIN_PASSWORD_LENGTH = 12;
/** Longer input is refused before it is hashed: Argon2id of megabytes is a cheap way to keep us busy. */
export const MAX_PASSWORD_LENGTH = 200;
/** Up to here a password that only repeats a short piece is refused: "abcabcabcabc". */
const MAX_REPEATED_PIECE = 4;

/**
 * Whether a password may be set, in the manner of NIST SP 800-63B, section 5.1.1.2: long enough and not one that everybody tries;
 * nothing about capitals, digits and signs.
 * @throws NodeError `PASSWORD_UNACCEPTABLE` with a sentence that tells why
 */
export function checkNewPassword(password: string, username: string): void {
  const refuse = (why: string): never => {
    throw new NodeError('PASSWORD_UNACCEPTABLE', why);
  };
  // The same form in which it is hashed.
  const normal = password.normalize('NFKC').toLowerCase();
  if (password.length > MAX_PASSWORD_LENGTH) refuse(`A password has at most ${MAX_PASSWORD_LENGTH} characters.`);
  if (!password.isWellFormed() || password.includes('\0')) refuse('The password holds characters that are no text.');
  if (codePointsOf(normal).length < MIN_PASSWORD_LENGTH) refuse(`A password has at least ${MIN_PASSWORD_LENGTH} characters: several words are easier to remember than a few signs.`);
  if (isMadeOf(normal, username.normalize('NFKC').toLowerCase())) refuse('The password must not be the user name.');
  if (COMMON_PASSWORDS.has(normal) || isRepetition(normal) || isSequence(normal)) refuse('Many people use this password, so it is tried first: choose another one.');
}

/** NIST SP 800-63B counts each code point as one character. */
function codePointsOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

/** The user name, also several times or with a few digits around it. */
function isMadeOf(password: string, username: string): boolean {
  return username !== '' && password.includes(username) && password.replaceAll(username, '').replace(/[\d\s._@!-]/g, '').length < 4;
}

function isRepetition(password: string): boolean {
  const characters = codePointsOf(password);
  return [...Array(MAX_REPEATED_PIECE).keys()].some((index) => characters.every((character, position) => character === characters[position % (index + 1)]));
}

/** Each character is the next, or each the one before: "abcdefghijkl", "987654321098" (where 0 follows 9). */
function isSequence(password: string): boolean {
  const codes = codePointsOf(password);
  const follows = (step: number): boolean =>
    codes.every((code, position) => {
      const before = codes[position - 1];
      if (before === undefined || code - before === step) return true;
      const [nine, zero] = step === 1 ? [0x39, 0x30] : [0x30, 0x39];
      return before === nine && code === zero;
    });
  return follows(1) || follows(-1);
}
