/** Below this Argon2id alone cannot make guessing a stolen key file expensive enough. */
const MINIMUM_LENGTH = 16;
/** "aaaaaaaaaaaaaaaaaaaa" and "1212121212121212" are long but not secret. */
const MINIMUM_DISTINCT_CHARACTERS = 8;

/** What is wrong with a passphrase as the end of a sentence, or undefined when it is good enough. */
export function passphraseWeakness(passphrase: string): string | undefined {
  if (passphrase.length < MINIMUM_LENGTH) return `must have at least ${MINIMUM_LENGTH} characters`;
  if (new Set(passphrase).size < MINIMUM_DISTINCT_CHARACTERS) return `must have at least ${MINIMUM_DISTINCT_CHARACTERS} different characters`;
  if (/password|passphrase|changeme|qwerty|12345678/i.test(passphrase)) return 'must not hold a word that is guessed first, such as "password"';
  return undefined;
}
