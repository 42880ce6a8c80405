import { describe, expect, it } from '@jest/globals';
import { COMMON_PASSWORDS } from './common-passwords.ts';
import { newInitialPassword, newRecoveryCode, normalRecoveryCode } from './codes.ts';
import { checkNewPassword, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './password-policy.ts';

describe('the password policy', () => {
  it.each(['twelve chars', 'correct horse on the ward', 'пароль для входа', '🐴🐴🔋🔋📎📎🐎🐎🔌🔌📌📌', 'a'.repeat(11) + 'bcdef', 'x7'.repeat(4) + 'quad'])('accepts "%s", whatever it is made of', (password) => {
    expect(() => checkNewPassword(password, 'carla')).not.toThrow();
  });

  it.each([
    ['is too short', 'elevenchars'],
    ['is too short in characters, not in bytes', '🐴🔋📎🐎🔌📌'],
    ['is too long', 'word '.repeat(MAX_PASSWORD_LENGTH)],
    ['is no text', 'correct horse\0battery'],
    ['is common', 'Password1234'],
    ['repeats one character', 'aaaaaaaaaaaaaaaa'],
    ['repeats a piece', 'abcabcabcabcabc'],
    ['is a sequence', '123456789012'],
    ['is a sequence downwards', 'zyxwvutsrqpon'],
    ['is the user name', 'Carla.Caring.Clinic'],
    ['is the user name with digits', 'carla.caring.clinic2026'],
    ['is the user name again and again', 'carla.caring.cliniccarla.caring.clinic'],
  ])('refuses one that %s', (_case, password) => {
    expect(() => checkNewPassword(password, 'carla.caring.clinic')).toThrow(expect.objectContaining({ code: 'PASSWORD_UNACCEPTABLE' }));
  });

  it('lists only what its other rules let through', () => {
    for (const password of COMMON_PASSWORDS) {
      expect(password).toBe(password.toLowerCase());
      expect(password.length).toBeGreaterThanOrEqual(MIN_PASSWORD_LENGTH);
    }
  });
});

describe('codes for people', () => {
  it('are acceptable passwords, each another one', () => {
    const [first, second] = [newInitialPassword(), newInitialPassword()];
    expect(first).not.toBe(second);
    expect(first).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(() => checkNewPassword(first, 'carla')).not.toThrow();
  });

  it('are read as people write them', () => {
    const code = newRecoveryCode();
    expect(normalRecoveryCode(` ${code.toLowerCase()} `)).toBe(code.replace('-', ''));
    expect(normalRecoveryCode('oO0iI-lL1aA')).toBe('0001111 1AA'.replace(' ', ''));
    expect(normalRecoveryCode('12345')).toBeUndefined();
    expect(normalRecoveryCode('UUUUU-UUUUU')).toBeUndefined();
  });
});
