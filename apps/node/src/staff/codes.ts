import { randomInt } from 'node:crypto';

/** Letters and digits that nobody mistakes for one another on paper: Crockford's base 32. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Recovery codes: 50 bits, kept as keyed tokens and guessed at five times a quarter of an hour. */
const RECOVERY_GROUPS = 2;
/** Initial passwords: 100 bits, which no offline guess reaches. */
const PASSWORD_GROUPS = 4;
const GROUP_LENGTH = 5;

const RECOVERY_CODE = /^[0-9A-HJKMNP-TV-Z]{10}$/;

/** A code for when the second factor is lost, as it is shown: `7KD2M-X0Q9R`. */
export function newRecoveryCode(): string {
  return groups(RECOVERY_GROUPS);
}

/** A password that serves once, to set an own one. */
export function newInitialPassword(): string {
  return groups(PASSWORD_GROUPS);
}

/** A recovery code as it is hashed: without what people add, and with what they mistake; undefined when it cannot be one. */
export function normalRecoveryCode(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return RECOVERY_CODE.test(code) ? code : undefined;
}

function groups(count: number): string {
  const group = (): string => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: count }, group).join('-');
}
