import { describe, expect, it } from '@jest/globals';
import { newTotpSecret, openTotpSecret, sealTotpSecret, totpEnrolment, totpStepOf } from './totp.ts';

/** RFC 6238, appendix B: the secret of the SHA-1 vectors. */
const RFC_6238_SECRET = Buffer.from('12345678901234567890', 'ascii');

describe('RFC 6238, appendix B, SHA-1', () => {
  it.each([
    [59, '94287082', 0x1],
    [1_111_111_109, '07081804', 0x23523ec],
    [1_111_111_111, '14050471', 0x23523ed],
    [1_234_567_890, '89005924', 0x273ef07],
    [2_000_000_000, '69279037', 0x3f940aa],
    [20_000_000_000, '65353130', 0x27bc86aa],
  ])('at %i seconds: %s is of step %i', (seconds, eightDigits, step) => {
    // Six digits are the last six of the eight in the table: both are the truncated value modulo a power of ten.
    expect(totpStepOf(RFC_6238_SECRET, eightDigits.slice(2), new Date(seconds * 1000))).toBe(step);
  });
});

describe('one-time codes', () => {
  const at = (seconds: number): Date => new Date(seconds * 1000);

  it('are taken one step before and after their own, and no further (RFC 6238, section 5.2)', () => {
    const code = '050471';
    expect(totpStepOf(RFC_6238_SECRET, code, at(1_111_111_111 - 30))).toBe(0x23523ed);
    expect(totpStepOf(RFC_6238_SECRET, code, at(1_111_111_111 + 30))).toBe(0x23523ed);
    expect(totpStepOf(RFC_6238_SECRET, code, at(1_111_111_111 - 61))).toBeUndefined();
    expect(totpStepOf(RFC_6238_SECRET, code, at(1_111_111_111 + 60))).toBeUndefined();
  });

  it.each(['', '05047', '0504711', '14050471', '05047a', '٠٥٠٤٧١', ' 050471'])('have six ASCII digits: "%s" is none', (code) => {
    expect(totpStepOf(RFC_6238_SECRET, code, at(1_111_111_111))).toBeUndefined();
  });

  it('are enrolled with an address that every authenticator app reads', () => {
    const { secret, uri } = totpEnrolment(RFC_6238_SECRET, { issuer: 'Hospital A & B', username: 'carla' });
    expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const address = new URL(uri);
    expect(`${address.protocol}//${address.host}${decodeURIComponent(address.pathname)}`).toBe('otpauth://totp/Hospital A & B:carla');
    expect(Object.fromEntries(address.searchParams)).toEqual({ issuer: 'Hospital A & B', secret, algorithm: 'SHA1', digits: '6', period: '30' });
  });

  it('are sealed at rest, for one person', () => {
    const key = new Uint8Array(32).fill(1);
    const secret = newTotpSecret();
    expect(secret).toHaveLength(20);
    const sealed = sealTotpSecret(key, 'one', secret);
    expect(Buffer.from(sealed).includes(Buffer.from(secret))).toBe(false);
    expect(openTotpSecret(key, 'one', sealed)).toEqual(secret);
    expect(() => openTotpSecret(key, 'another', sealed)).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
    expect(() => openTotpSecret(new Uint8Array(32).fill(2), 'one', sealed)).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
  });
});
